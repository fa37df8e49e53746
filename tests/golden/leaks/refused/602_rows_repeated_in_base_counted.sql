-- One patient six times: n is 6 and the sum is magnified.
-- refused by: release_count, release_count_other, release_ceiling
-- model base.t
SELECT p.village, p.sex, p.cost, unnest([1, 2, 3, 4, 5, 6]) AS k FROM raw.health__patient p
-- release: {kind: statistics, count: n}
-- model open.answer
SELECT village, sex, count(*) AS n, mask_round(sum(cost), 50) AS s FROM base.t GROUP BY ALL
