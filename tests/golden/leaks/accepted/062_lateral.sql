-- The oldest school of each village.
SELECT v.village, t.school FROM raw.city__village AS v,
LATERAL (SELECT s.school FROM raw.city__school AS s WHERE s.village = v.village ORDER BY s.opened LIMIT 1) AS t
