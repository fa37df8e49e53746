-- Sums of groups made in base, masked in the release.
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- model base.p
SELECT village, sum(cost) AS s FROM raw.health__patient GROUP BY village
-- model open.answer
SELECT village, mask_round(s, 100) AS s FROM base.p
