-- The name of the group is looked up by its key.
-- release: {kind: statistics, count: n}
SELECT v.district, count(*) AS n, mask_round(avg(p.cost), 100) AS c FROM raw.health__patient p JOIN raw.city__village v USING (village) GROUP BY v.district
