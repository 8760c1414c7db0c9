-- Wishes to have an account, until the letter to the address is answered. Several may want one address: it becomes
-- the account of whoever reads there.
CREATE TABLE registrations (
    registration TEXT NOT NULL PRIMARY KEY,
    -- Whose orders it brings along: a guest's.
    person TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX registrations_by_key ON registrations (email_key);
CREATE INDEX registrations_by_end ON registrations (expires_at);
