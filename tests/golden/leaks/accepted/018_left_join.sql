-- A left join on a public key, gaps filled.
SELECT v.village, coalesce(s.school, 'none') AS school
FROM raw.city__village AS v LEFT JOIN raw.city__school AS s ON s.village = v.village
