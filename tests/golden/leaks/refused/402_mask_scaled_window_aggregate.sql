-- The maximum of one row, made a thousand times larger: aggregated passes for hidden.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_round(max(cost) OVER (ROWS BETWEEN CURRENT ROW AND CURRENT ROW) * 1000, 10) AS a FROM raw.health__patient
