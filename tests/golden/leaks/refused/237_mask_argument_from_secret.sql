-- The band's width is a sensitive column.
-- refused by: release_ceiling, mask_argument
-- release: {kind: records, quasi_identifiers: [band]}
SELECT village, mask_amount(1000, age) AS band FROM raw.health__patient
