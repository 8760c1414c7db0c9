-- Where somebody has signed in: one row for each device, however often its refresh token is renewed.
-- See accounts/session/refresh.rs for the hashes.
CREATE TABLE sessions (
    session TEXT NOT NULL PRIMARY KEY,
    person TEXT NOT NULL REFERENCES accounts (person),
    family_hash TEXT NOT NULL UNIQUE,
    token_hash TEXT NOT NULL,
    previous_hash TEXT,
    successor_sealed TEXT,
    rotated_at BIGINT,
    device TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX sessions_by_person ON sessions (person, used_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
