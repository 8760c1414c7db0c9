-- How far the read models are with each partition, and with which of its journals.
CREATE TABLE sale_checkpoints (
    partition BIGINT NOT NULL PRIMARY KEY,
    journal TEXT NOT NULL,
    fact BIGINT NOT NULL,
    chain BIGINT,
    at BIGINT NOT NULL
);
