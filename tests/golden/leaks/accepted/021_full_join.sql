-- A full join on a public key.
SELECT coalesce(v.village, s.village) AS village, s.school
FROM raw.city__village AS v FULL JOIN raw.city__school AS s ON s.village = v.village
