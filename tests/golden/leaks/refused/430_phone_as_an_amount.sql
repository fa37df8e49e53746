-- A telephone rounded to ten: ten of its eleven digits at L1.
-- refused by: release_ceiling, mask_unsuited
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_round(phone::DOUBLE, 10) AS a FROM raw.health__patient
