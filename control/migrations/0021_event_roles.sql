-- Whose an event is. An event that was defined past the catalogue has none until somebody gets a role for it.
CREATE TABLE event_owners (
    event TEXT NOT NULL PRIMARY KEY,
    organiser TEXT REFERENCES organisers,
    -- How often the roles for it were changed: whoever changes them takes this row first.
    crew BIGINT NOT NULL
);
CREATE INDEX event_owners_by_organiser ON event_owners (organiser);

-- Who has which role for one event.
CREATE TABLE event_roles (
    event TEXT NOT NULL REFERENCES event_owners ON DELETE CASCADE,
    person TEXT NOT NULL REFERENCES accounts,
    role TEXT NOT NULL CHECK (role IN ('admin', 'editor', 'viewer', 'scanner')),
    since BIGINT NOT NULL,
    PRIMARY KEY (event, person)
);
CREATE INDEX event_roles_by_person ON event_roles (person, event);
