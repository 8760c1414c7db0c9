-- What was done that matters. It only grows. No names, no addresses of e-mail: ids.
CREATE TABLE audit_log (
    -- In the order of time.
    entry TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    -- A person, or 'operator', 'system', 'nobody'.
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    event TEXT,
    organiser TEXT,
    -- Any other id: an order, a person, a venue.
    object TEXT,
    detail TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('begun', 'done', 'refused', 'unknown')),
    -- Of the problem, where there is one.
    code TEXT,
    -- The entry with which it had begun.
    begun TEXT REFERENCES audit_log,
    address TEXT,
    request TEXT
);
CREATE INDEX audit_log_by_event ON audit_log (event, entry);
CREATE INDEX audit_log_by_who ON audit_log (who, entry);
CREATE INDEX audit_log_by_object ON audit_log (object, entry);
