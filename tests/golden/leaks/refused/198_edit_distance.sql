-- Distances to known names find the unknown one.
-- refused by: release_ceiling
SELECT village, levenshtein(name, 'Lin Alpha') AS x, starts_with(name, 'L') AS y FROM raw.health__patient
