-- Read models of events: what is sold, and where it is. Rows follow from facts alone; a migration that changes what
-- they mean empties all tables of read models and sale_checkpoints, and the server makes them again.
CREATE TABLE sale_events (
    event TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    phase TEXT NOT NULL,
    seats BIGINT NOT NULL,
    has_waitroom BIGINT NOT NULL,
    defined_at BIGINT NOT NULL,
    opened_at BIGINT,
    cancelled_at BIGINT
);

CREATE TABLE sale_classes (
    event TEXT NOT NULL,
    class BIGINT NOT NULL,
    name TEXT NOT NULL,
    price_minor BIGINT NOT NULL,
    opens_at BIGINT NOT NULL,
    closes_at BIGINT NOT NULL,
    seats BIGINT NOT NULL,
    PRIMARY KEY (event, class)
);

CREATE TABLE sale_quotas (
    event TEXT NOT NULL,
    quota BIGINT NOT NULL,
    name TEXT NOT NULL,
    capacity BIGINT NOT NULL,
    PRIMARY KEY (event, quota)
);

CREATE TABLE sale_quota_classes (
    event TEXT NOT NULL,
    quota BIGINT NOT NULL,
    class BIGINT NOT NULL,
    PRIMARY KEY (event, quota, class)
);

-- What is printed where the seats are: their numbering is JSON.
CREATE TABLE sale_plan_rows (
    event TEXT NOT NULL,
    first_seat BIGINT NOT NULL,
    seats BIGINT NOT NULL,
    class BIGINT NOT NULL,
    section TEXT NOT NULL,
    label TEXT NOT NULL,
    numbering TEXT NOT NULL,
    PRIMARY KEY (event, first_seat)
);

-- Carts that are alive: what is in them is JSON.
CREATE TABLE sale_holds (
    hold TEXT NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    person TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    lines TEXT NOT NULL
);

-- Seats that are not free, and the hold or order that has them.
CREATE TABLE sale_seats (
    event TEXT NOT NULL,
    seat BIGINT NOT NULL,
    class BIGINT NOT NULL,
    state TEXT NOT NULL,
    holder TEXT,
    PRIMARY KEY (event, seat)
);

CREATE TABLE sale_class_counts (
    event TEXT NOT NULL,
    class BIGINT NOT NULL,
    held BIGINT NOT NULL,
    sold BIGINT NOT NULL,
    blocked BIGINT NOT NULL,
    PRIMARY KEY (event, class)
);

-- A quarter is 900,000 ms, counted from 1970.
CREATE TABLE sale_quarters (
    event TEXT NOT NULL,
    class BIGINT NOT NULL,
    quarter BIGINT NOT NULL,
    issued BIGINT NOT NULL,
    issued_minor BIGINT NOT NULL,
    voided BIGINT NOT NULL,
    voided_minor BIGINT NOT NULL,
    PRIMARY KEY (event, class, quarter)
);

CREATE TABLE sale_totals (
    event TEXT NOT NULL PRIMARY KEY,
    joined BIGINT NOT NULL,
    admitted BIGINT NOT NULL,
    places_completed BIGINT NOT NULL,
    places_expired BIGINT NOT NULL,
    places_left BIGINT NOT NULL,
    places_abandoned BIGINT NOT NULL,
    holds_taken BIGINT NOT NULL,
    holds_expired BIGINT NOT NULL,
    holds_released BIGINT NOT NULL,
    orders_placed BIGINT NOT NULL,
    orders_completed BIGINT NOT NULL,
    orders_cancelled BIGINT NOT NULL,
    orders_expired BIGINT NOT NULL,
    orders_failed BIGINT NOT NULL,
    orders_revived BIGINT NOT NULL,
    tickets_issued BIGINT NOT NULL,
    tickets_voided BIGINT NOT NULL,
    issued_minor BIGINT NOT NULL,
    voided_minor BIGINT NOT NULL,
    captured_minor BIGINT NOT NULL,
    refunding_minor BIGINT NOT NULL,
    refunded_minor BIGINT NOT NULL,
    refused_minor BIGINT NOT NULL,
    refunds_refused BIGINT NOT NULL
);
