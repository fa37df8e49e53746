-- FROM first, no SELECT at all: a star that is not written.
-- refused by: release_ceiling
WITH p AS (SELECT village, phone FROM raw.health__patient)
FROM p
