-- UNPIVOT of a public table with a written list.
SELECT village, name, value FROM raw.city__village UNPIVOT (value FOR name IN (population))
