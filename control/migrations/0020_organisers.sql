-- Who sells tickets: a promoter, a club, a theatre.
CREATE TABLE organisers (
    organiser TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- As names are compared.
    name_key TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    website TEXT,
    logo_url TEXT,
    contact TEXT,
    -- When the platform vouched for it.
    verified_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    -- How often its members were changed: whoever changes them takes this row first.
    crew BIGINT NOT NULL
);

-- Who works for it: their role is one for all of its events and venues.
CREATE TABLE organiser_members (
    organiser TEXT NOT NULL REFERENCES organisers ON DELETE CASCADE,
    person TEXT NOT NULL REFERENCES accounts,
    role TEXT NOT NULL CHECK (role IN ('admin', 'editor', 'viewer', 'scanner')),
    since BIGINT NOT NULL,
    PRIMARY KEY (organiser, person)
);
CREATE INDEX organiser_members_by_person ON organiser_members (person);
