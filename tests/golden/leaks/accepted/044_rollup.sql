-- Totals and subtotals.
SELECT v.district, s.village, CAST(sum(s.pupils) AS BIGINT) AS pupils
FROM raw.city__school AS s JOIN raw.city__village AS v ON v.village = s.village
GROUP BY ROLLUP (v.district, s.village)
