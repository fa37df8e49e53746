-- The condition of an outer join blanks a public column.
-- refused by: release_indirect
SELECT p.village, v.district FROM raw.health__patient AS p
LEFT JOIN raw.city__village AS v ON v.village = p.village AND p.hiv
