-- What is, was or will be sold. The id is reserved on a partition before the row is made.
CREATE TABLE events (
    event TEXT NOT NULL PRIMARY KEY REFERENCES event_owners,
    -- As in event_owners, for ever: for lists of an organiser's events in order.
    organiser TEXT NOT NULL REFERENCES organisers,
    venue TEXT REFERENCES venues,
    status TEXT NOT NULL CHECK (status IN ('DRAFT', 'CONFIGURED', 'APPROVED', 'PUBLISHED', 'CANCELLED')),
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    -- IANA. What the clocks show there and the zone are what was said; the point in time follows from them.
    time_zone TEXT NOT NULL,
    starts_local TEXT,
    starts_at BIGINT,
    ends_local TEXT,
    ends_at BIGINT,
    is_public BIGINT NOT NULL,
    is_free BIGINT NOT NULL,
    is_trending BIGINT NOT NULL,
    requires_approval BIGINT NOT NULL,
    -- Why it was sent back: by an admin, or by its partition.
    returned_because TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    published_at BIGINT,
    cancelled_at BIGINT
);
-- What the world sees, in the order in which it sees it.
CREATE INDEX events_in_public ON events (starts_at, event)
    WHERE is_public = 1 AND published_at IS NOT NULL;
CREATE INDEX events_by_organiser ON events (organiser, created_at, event);
CREATE INDEX events_by_creation ON events (created_at, event);
CREATE INDEX events_by_venue ON events (venue);

-- What is long, apart from the rows that lists are looked for in.
CREATE TABLE event_texts (
    event TEXT NOT NULL PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    description TEXT NOT NULL,
    -- What is sold, when and on what terms: JSON, see event/offer.rs.
    offer TEXT NOT NULL
);

-- What an event is found by: the words of its title and of the beginning of its description, folded (fold.rs), in
-- hex: that sorts alike in every database and every collation, so that a range is all words that begin alike.
CREATE TABLE event_words (
    word TEXT NOT NULL,
    event TEXT NOT NULL REFERENCES events ON DELETE CASCADE,
    PRIMARY KEY (word, event)
);
CREATE INDEX event_words_by_event ON event_words (event, word);

CREATE TABLE event_categories (
    event TEXT NOT NULL REFERENCES events ON DELETE CASCADE,
    category TEXT NOT NULL REFERENCES categories,
    PRIMARY KEY (event, category)
);
CREATE INDEX event_categories_by_category ON event_categories (category, event);

-- Where the numbered seats are: JSON, see event/seating.
CREATE TABLE event_plans (
    event TEXT NOT NULL PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    plan TEXT NOT NULL,
    seats BIGINT NOT NULL
);
