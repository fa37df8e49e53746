-- A value of one person from a scalar subquery.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
SELECT v.village, count(*) AS n, (SELECT mask_amount(max(cost), 100) FROM raw.health__patient p WHERE p.village = v.village AND p.sex = 'f') AS c FROM raw.city__school v GROUP BY v.village
