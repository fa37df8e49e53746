-- Costs in bands of twenty: the field says fifty at least.
-- refused by: release_ceiling, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: [village], sensitive: [a]}
-- model fusion.answer
SELECT village, mask_amount(cost, 20) AS a FROM raw.health__patient WHERE cost IS NOT NULL
