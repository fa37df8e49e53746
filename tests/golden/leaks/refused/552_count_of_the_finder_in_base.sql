-- A value of a group looked up in base, the rows that found it counted.
-- refused by: release_count, release_count_other
-- model base.k
SELECT village, max(cost) AS c FROM raw.health__patient GROUP BY village
-- model base.p
SELECT s.village, k.c FROM raw.city__school s JOIN base.k k ON k.village = s.village
-- release: {kind: statistics, count: n}
-- model open.answer
SELECT village, count(*) AS n, mask_round(max(c), 100) AS c FROM base.p GROUP BY village
