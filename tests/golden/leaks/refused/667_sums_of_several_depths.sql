-- Sums of groups of several depths, added up.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
WITH g AS (SELECT village, sex, sum(cost) AS cost FROM raw.health__patient GROUP BY GROUPING SETS ((village), (village), (village), (village), (village, sex)))
SELECT village, mask_round(sum(cost), 100) AS s FROM g GROUP BY village
