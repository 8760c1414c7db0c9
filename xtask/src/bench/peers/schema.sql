-- Room in the page of the one hot row, so that it is updated in place.
CREATE TABLE stock (
    event int PRIMARY KEY,
    available int NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE holds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    idempotency_key bigint NOT NULL UNIQUE,
    buyer bigint NOT NULL,
    event int NOT NULL,
    created timestamptz NOT NULL DEFAULT now()
);
