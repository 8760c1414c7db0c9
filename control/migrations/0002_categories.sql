-- What kind of event: concerts, football, theatre.
CREATE TABLE categories (
    category TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- In lower case: two that differ by that only would be one to people.
    name_key TEXT NOT NULL UNIQUE
);
