-- The same by village and sex, with a public filter.
SELECT village, sex, count(*) AS n FROM raw.health__patient WHERE village <> 'west' GROUP BY village, sex
