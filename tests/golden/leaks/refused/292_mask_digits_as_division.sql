-- Four digits of the telephone in a code of which the first six digits stay.
-- refused by: release_ceiling, masks_combine
-- release: {kind: records, quasi_identifiers: [place]}
SELECT village, mask_division('11' || right(phone, 4) || '001001', 'district') AS place FROM raw.health__patient
