-- The join's condition has a subquery.
-- refused by: release_indirect
SELECT v.village, s.school FROM raw.city__village AS v
JOIN raw.city__school AS s ON s.village = v.village AND v.population > (SELECT max(cost) FROM raw.health__patient)
