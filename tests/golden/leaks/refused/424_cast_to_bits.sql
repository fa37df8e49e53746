-- The binary digits read as a decimal number: bands of four years, at L1.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_amount(age::SMALLINT::BIT::VARCHAR::DOUBLE, 100) AS a FROM raw.health__patient
