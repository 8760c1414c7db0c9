-- Where events take place.
CREATE TABLE venues (
    venue TEXT NOT NULL PRIMARY KEY,
    -- Whose members keep it; the platform's where there is none.
    organiser TEXT REFERENCES organisers,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    street TEXT NOT NULL,
    postal_code TEXT,
    ward TEXT,
    district TEXT,
    city TEXT NOT NULL,
    city_key TEXT NOT NULL,
    region TEXT,
    -- ISO 3166-1 alpha-2.
    country TEXT NOT NULL,
    -- IANA.
    time_zone TEXT NOT NULL,
    -- In millionths of a degree: there is no other fraction in both databases.
    latitude_e6 BIGINT,
    longitude_e6 BIGINT,
    capacity BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX venues_by_name ON venues (name_key, venue);
CREATE INDEX venues_by_city ON venues (country, city_key);
CREATE INDEX venues_by_organiser ON venues (organiser);
