-- A condition on a public column.
SELECT village, CASE WHEN population > 1000 THEN 'large' ELSE 'small' END AS size FROM raw.city__village
