-- The outbox: letters that somebody is to get, written with what they are about. What is in them is put together when
-- they are sent: a one-time token is never kept here, only its hash, below.
CREATE TABLE letters (
    letter TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    person TEXT,
    registration TEXT,
    -- Where it goes, if that is not the account's address. Gone once it has been sent.
    email TEXT,
    -- Whom it is about, to count how many they get.
    email_key TEXT,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    done_at BIGINT,
    -- delivered, failed, or dropped because there was nothing to say.
    outcome TEXT
);
CREATE INDEX letters_due ON letters (due_at) WHERE done_at IS NULL;
CREATE INDEX letters_done ON letters (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX letters_failed ON letters (done_at) WHERE outcome = 'failed';
CREATE INDEX letters_by_key ON letters (email_key, created_at);
CREATE INDEX letters_by_person ON letters (person);

-- What was sent in letters, to be shown once.
CREATE TABLE one_time_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('register', 'change_email', 'reset_password')),
    person TEXT,
    registration TEXT,
    -- The address that it was sent to.
    email TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX one_time_tokens_by_person ON one_time_tokens (person);
CREATE INDEX one_time_tokens_by_registration ON one_time_tokens (registration);
CREATE INDEX one_time_tokens_by_end ON one_time_tokens (expires_at);
