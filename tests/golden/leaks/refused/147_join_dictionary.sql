-- The dictionary is public, the key into it is not.
-- refused by: release_indirect, release_ceiling
SELECT p.village, i.title FROM raw.health__patient AS p JOIN raw.health__icd AS i ON i.code = p.diagnosis
