-- Binary search, one question a release.
-- refused by: release_ceiling, release_indirect
SELECT village, cost BETWEEN 500 AND 1500 AS mid FROM raw.health__patient
