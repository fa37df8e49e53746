-- ORDER BY behind brackets, by a public column.
SELECT village FROM ((SELECT village, sex AS cost FROM raw.health__patient) ORDER BY sex, village LIMIT 3)
