-- The village first: nobody is counted twice.
-- release: {kind: statistics, count: n}
SELECT v.district, count(*) AS n, mask_round(avg(p.cost), 100) AS c FROM raw.city__village v JOIN raw.health__patient p USING (village) GROUP BY v.district
