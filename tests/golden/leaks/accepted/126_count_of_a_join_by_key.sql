-- A village is found by its key: nobody is counted twice.
-- release: {kind: statistics, count: n}
SELECT v.district, count(*) AS n FROM raw.health__patient AS p LEFT JOIN raw.city__village AS v ON v.village = p.village GROUP BY v.district
