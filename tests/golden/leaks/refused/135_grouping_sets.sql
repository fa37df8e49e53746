-- One of the grouping sets holds a sensitive key.
-- refused by: release_indirect
SELECT village, count(*) AS n FROM raw.health__patient GROUP BY GROUPING SETS ((village), (village, hiv))
