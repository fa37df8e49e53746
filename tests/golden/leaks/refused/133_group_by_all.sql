-- Group keys that are not written.
-- refused by: release_ceiling
SELECT village, birth_date, count(*) AS n FROM raw.health__patient GROUP BY ALL
