-- The same with USING.
-- release: {kind: statistics, count: n}
SELECT district, count(*) AS n FROM raw.health__patient JOIN raw.city__village USING (village) GROUP BY district
