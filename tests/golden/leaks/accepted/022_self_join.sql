-- Schools of the same village.
SELECT a.school, b.school AS other FROM raw.city__school AS a
JOIN raw.city__school AS b ON a.village = b.village AND a.school < b.school
