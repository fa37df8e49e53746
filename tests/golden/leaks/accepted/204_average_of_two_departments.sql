-- Figures of two departments below each other, averaged.
-- release: {kind: records, quasi_identifiers: [place], sensitive: [a]}
SELECT place, mask_round(avg(v), 1000) AS a FROM (SELECT village AS place, cost AS v FROM raw.health__patient UNION ALL SELECT district AS place, income AS v FROM raw.tax__firm) GROUP BY place
