-- A correlated count with a secret condition.
-- refused by: release_indirect
SELECT v.village, (SELECT count(*) FROM raw.health__patient AS p WHERE p.village = v.village AND p.hiv) AS n
FROM raw.city__village AS v
