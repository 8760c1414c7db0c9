-- Where people live and want their invoices: a few for each account.
CREATE TABLE addresses (
    address TEXT NOT NULL PRIMARY KEY,
    person TEXT NOT NULL REFERENCES accounts (person),
    label TEXT NOT NULL,
    recipient TEXT NOT NULL,
    line_1 TEXT NOT NULL,
    line_2 TEXT,
    postal_code TEXT,
    city TEXT NOT NULL,
    region TEXT,
    country TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX addresses_by_person ON addresses (person, created_at);
