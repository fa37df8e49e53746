-- The short form of CASE.
-- refused by: release_indirect, release_ceiling
SELECT village, CASE diagnosis WHEN 'B24' THEN 1 WHEN 'J11' THEN 2 ELSE 3 END AS ward
FROM raw.health__patient
