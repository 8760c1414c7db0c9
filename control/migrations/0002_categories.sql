-- What kind of event: concerts, football, theatre.
CREATE TABLE categories (
    category TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- As names are compared: two that differ by case or accents only would be one to people.
    name_key TEXT NOT NULL UNIQUE,
    version BIGINT NOT NULL
);
