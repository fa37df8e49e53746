-- A flag as a number, its no taken out: a band or NULL.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_amount(nullif(hiv::INTEGER, 0), 100) AS a FROM raw.health__patient
