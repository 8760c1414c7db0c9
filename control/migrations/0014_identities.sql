-- Who somebody is elsewhere (OpenID Connect): what the provider calls them.
CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES accounts (person),
    provider TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_by_person ON identities (person);

-- Sign-ins that are under way at a provider.
CREATE TABLE provider_visits (
    visit_hash TEXT NOT NULL PRIMARY KEY,
    state_hash TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    return_path TEXT NOT NULL,
    -- Who wants to sign in like that from now on, if they have an account already.
    person TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX provider_visits_by_end ON provider_visits (expires_at);
