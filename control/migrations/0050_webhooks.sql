-- Where facts are sent by signed requests: endpoints of organisers and of the platform. How far each has got is a file in
-- the data directory, not a row: docs/adr/0013.
CREATE TABLE webhook_endpoints (
    webhook TEXT NOT NULL PRIMARY KEY,
    -- Whose it is: it gets what is about their events. The platform's where there is none: it gets everything.
    organiser TEXT REFERENCES organisers ON DELETE CASCADE,
    url TEXT NOT NULL,
    -- Names with blanks between them; all topics where there are none.
    topics TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled', 'gone')),
    secret TEXT NOT NULL,
    -- The one before, and until when it signs beside it.
    former_secret TEXT,
    former_until BIGINT,
    -- What has happened since then is sent, 0 for everything there is. Each turn begins there anew.
    since BIGINT NOT NULL,
    turn BIGINT NOT NULL,
    -- The id of a ping that is wanted and not sent yet.
    ping TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX webhook_endpoints_by_creation ON webhook_endpoints (created_at, webhook);
CREATE INDEX webhook_endpoints_by_organiser ON webhook_endpoints (organiser, created_at, webhook);

-- One row, which whoever makes an endpoint takes first: two at once do not both get the last place.
CREATE TABLE webhook_room (
    turn BIGINT NOT NULL
);
INSERT INTO webhook_room (turn) VALUES (0);

-- The last attempts of each endpoint.
CREATE TABLE webhook_deliveries (
    webhook TEXT NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
    -- Rises.
    number BIGINT NOT NULL,
    -- The id and the type of what was sent.
    event TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- How often it was tried by then.
    attempt BIGINT NOT NULL,
    -- Of HTTP, where there was an answer.
    status BIGINT,
    -- Why it was not taken; it was where there is nothing.
    failure TEXT,
    duration_ms BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (webhook, number)
);
