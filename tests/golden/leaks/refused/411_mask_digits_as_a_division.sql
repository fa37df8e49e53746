-- Four digits of a telephone as a division code, aggregated.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_division(max('11' || right(phone, 4)) OVER (ROWS BETWEEN CURRENT ROW AND CURRENT ROW), 'district') AS a FROM raw.health__patient
