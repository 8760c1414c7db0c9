\set key random(1, 9000000000000000000)
\set buyer random(1, 9000000000000000000)
BEGIN;
SELECT available FROM stock WHERE event = 1 FOR UPDATE \gset
\if :available > 0
UPDATE stock SET available = available - 1 WHERE event = 1;
INSERT INTO holds (idempotency_key, buyer, event) VALUES (:key, :buyer, 1);
\endif
COMMIT;
