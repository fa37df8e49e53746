-- The value times ten thousand, so that the band is a hundredth.
-- refused by: release_ceiling, masks_combine
-- release: {kind: records, quasi_identifiers: [fee]}
SELECT village, mask_amount(cost * 10000, 100) AS fee FROM raw.health__patient
