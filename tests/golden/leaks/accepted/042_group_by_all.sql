-- GROUP BY ALL over public columns.
SELECT district, year(since) AS y, count(*) AS n FROM raw.city__official GROUP BY ALL
