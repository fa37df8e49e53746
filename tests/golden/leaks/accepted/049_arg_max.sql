-- The largest village of a district.
SELECT district, arg_max(village, population) AS largest FROM raw.city__village GROUP BY district
