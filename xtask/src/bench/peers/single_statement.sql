\set key random(1, 9000000000000000000)
\set buyer random(1, 9000000000000000000)
WITH taken AS (
    UPDATE stock SET available = available - 1 WHERE event = 1 AND available > 0 RETURNING event
)
INSERT INTO holds (idempotency_key, buyer, event) SELECT :key, :buyer, event FROM taken;
