-- count(p.village) of a left join, the everyday way to count with zeroes.
-- release: {kind: statistics, count: n}
SELECT v.village, count(p.village) AS n FROM raw.city__village v LEFT JOIN raw.health__patient p USING (village) GROUP BY v.village
