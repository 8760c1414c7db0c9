-- Pictures by what is in them: the same picture of two events is kept once.
CREATE TABLE images (
    -- SHA-256 in hex.
    image TEXT NOT NULL PRIMARY KEY,
    media_type TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    -- The only type beside TEXT and BIGINT: SQLite keeps bytes as they are, whatever the column is called.
    content BYTEA NOT NULL
);

CREATE TABLE event_images (
    event TEXT NOT NULL REFERENCES events ON DELETE CASCADE,
    -- Rises: the first one stands for the event.
    position BIGINT NOT NULL,
    image TEXT NOT NULL REFERENCES images,
    PRIMARY KEY (event, position),
    UNIQUE (event, image)
);
CREATE INDEX event_images_by_image ON event_images (image);
