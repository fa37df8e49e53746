-- The FILTER of an aggregate on a public column.
SELECT district, count(*) FILTER (WHERE population > 1000) AS large FROM raw.city__village GROUP BY district
