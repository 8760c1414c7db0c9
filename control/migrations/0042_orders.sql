-- Read models of orders.
CREATE TABLE orders (
    order_id TEXT NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    person TEXT NOT NULL,
    status TEXT NOT NULL,
    provider TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_minor BIGINT NOT NULL,
    tickets BIGINT NOT NULL,
    tickets_void BIGINT NOT NULL,
    captured_minor BIGINT NOT NULL,
    refunding_minor BIGINT NOT NULL,
    refunded_minor BIGINT NOT NULL,
    placed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ready_at BIGINT,
    started_at BIGINT,
    captured_at BIGINT,
    completed_at BIGINT,
    ended_at BIGINT,
    ended_as TEXT,
    revived_at BIGINT,
    refunded_at BIGINT,
    trace TEXT,
    -- The last one about it.
    fact BIGINT NOT NULL
);
CREATE INDEX orders_by_person ON orders (person, placed_at, order_id);
CREATE INDEX orders_by_event ON orders (event, placed_at, order_id);

-- The tickets of an order, issued or not.
CREATE TABLE order_items (
    order_id TEXT NOT NULL,
    item BIGINT NOT NULL,
    class BIGINT NOT NULL,
    price_minor BIGINT NOT NULL,
    seat BIGINT,
    ticket BIGINT,
    void_at BIGINT,
    PRIMARY KEY (order_id, item)
);

CREATE TABLE order_payments (
    order_id TEXT NOT NULL,
    capture BIGINT NOT NULL,
    payment TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    captured_at BIGINT NOT NULL,
    PRIMARY KEY (order_id, capture)
);

CREATE TABLE order_refunds (
    order_id TEXT NOT NULL,
    refund BIGINT NOT NULL,
    capture BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    cause TEXT NOT NULL,
    state TEXT NOT NULL,
    note TEXT,
    wanted_at BIGINT NOT NULL,
    settled_at BIGINT,
    PRIMARY KEY (order_id, refund)
);
