-- Whoever has an account. A person who bought as a guest and registers later keeps their id.
-- Types that SQLite and PostgreSQL share: TEXT, BIGINT. Times are milliseconds since 1970, yes and no are 1 and 0.
CREATE TABLE accounts (
    person TEXT NOT NULL PRIMARY KEY,
    -- As it was given, and as it is compared: see accounts/email.rs. Both are empty once the account is erased.
    email TEXT NOT NULL,
    email_key TEXT UNIQUE,
    email_verified_at BIGINT,
    -- Absent where somebody signs in elsewhere only.
    password_hash TEXT,
    role TEXT NOT NULL CHECK (role IN ('admin', 'organiser', 'staff', 'buyer')),
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    erased_at BIGINT
);
