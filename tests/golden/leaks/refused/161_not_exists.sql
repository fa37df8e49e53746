-- A filter by NOT EXISTS.
-- refused by: release_indirect
SELECT v.village FROM raw.city__village AS v
WHERE NOT EXISTS (SELECT 1 FROM raw.health__patient AS p WHERE p.village = v.village AND p.hiv)
