-- A cast fails when the secret is true.
-- refused by: release_indirect, release_ceiling
-- differs: error
SELECT village, CAST(CASE WHEN cost > 2000 THEN 'x' ELSE '1' END AS INTEGER) AS one FROM raw.health__patient
