-- Sums of all and of the women, from two models: no statistics of one group.
-- refused by: masks_combine
-- model base.a
SELECT village, count(*) AS n, mask_round(sum(cost), 100) AS s FROM raw.health__patient GROUP BY village
-- model base.b
SELECT village, mask_round(sum(cost), 100) AS s FROM raw.health__patient WHERE sex = 'f' GROUP BY village
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s, f]}
-- model open.answer
SELECT a.village, a.s, b.s AS f FROM base.a a JOIN base.b b USING (village)
