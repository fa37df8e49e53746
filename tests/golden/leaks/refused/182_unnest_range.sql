-- As many rows as the patient has years.
-- refused by: release_indirect, release_ceiling
SELECT village FROM (SELECT village, unnest(range(age)) AS i FROM raw.health__patient) AS t
