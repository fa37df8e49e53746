-- `p.*` in a join whose other side is public.
-- refused by: release_ceiling
SELECT p.* EXCLUDE (village), v.district
FROM (SELECT village, phone FROM raw.health__patient) AS p
JOIN raw.city__village AS v ON v.village = p.village
