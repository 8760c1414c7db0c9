-- What banks took back. Rows that were there before do not say it: `onsale rebuild` makes them anew.
CREATE TABLE order_disputes (
    order_id TEXT NOT NULL,
    dispute BIGINT NOT NULL,
    name TEXT NOT NULL,
    payment TEXT NOT NULL,
    -- NULL unless the money is gone.
    lost_minor BIGINT,
    lost_currency TEXT,
    PRIMARY KEY (order_id, dispute)
);
ALTER TABLE orders ADD COLUMN charged_back_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sale_totals ADD COLUMN charged_back_minor BIGINT NOT NULL DEFAULT 0;
