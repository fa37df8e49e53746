-- LIKE, GLOB and regular expressions are questions to a value.
-- refused by: release_ceiling, release_indirect
SELECT village, name ILIKE '%alpha%' AS a, name GLOB 'L*' AS b, name SIMILAR TO 'L.*' AS c FROM raw.health__patient
