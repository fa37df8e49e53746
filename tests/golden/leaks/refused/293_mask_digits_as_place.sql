-- Digits of the telephone as degrees of longitude.
-- refused by: release_ceiling, masks_combine
-- release: {kind: records, quasi_identifiers: [x]}
SELECT village, mask_coordinate(TRY_CAST(right(phone, 4) AS DOUBLE) / 100, 2) AS x FROM raw.health__patient
