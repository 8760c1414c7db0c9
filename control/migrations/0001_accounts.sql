-- Whoever has an account. A person who bought as a guest and registers later keeps their id.
-- Types that SQLite and PostgreSQL share: TEXT, BIGINT. Times are milliseconds since 1970, yes and no are 1 and 0.
CREATE TABLE accounts (
    person TEXT NOT NULL PRIMARY KEY,
    -- Where letters go: an address that was shown to be read by them, or none. See accounts/email.rs for the key.
    email TEXT,
    email_key TEXT UNIQUE,
    -- Absent where somebody signs in elsewhere only.
    password_hash TEXT,
    role TEXT NOT NULL CHECK (role IN ('admin', 'organiser', 'staff', 'buyer')),
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    phone TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- An erased account keeps its id only, so that nobody ever gets it again.
    erased_at BIGINT,
    CHECK ((email IS NULL) = (email_key IS NULL)),
    CHECK (erased_at IS NULL OR (email IS NULL AND password_hash IS NULL AND phone IS NULL AND given_name = ''))
);
