-- What a partition is still to be told of an event, or was told: written in the transaction that decides it, so
-- that it is told whatever happens in between.
CREATE TABLE publications (
    event TEXT NOT NULL PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    wish TEXT NOT NULL CHECK (wish IN ('publish', 'cancel', 'follow')),
    -- Tells what was wished from what is wished later.
    turn BIGINT NOT NULL,
    -- What is to be sold, as it was when it was published: JSON.
    spec TEXT NOT NULL,
    -- When it is to be done, at the earliest.
    due_at BIGINT NOT NULL,
    -- When the partition had done it.
    settled_at BIGINT
);
CREATE INDEX publications_open ON publications (due_at, event) WHERE settled_at IS NULL;
