-- A grid of ten metres is an address.
-- refused by: release_ceiling, mask_argument
-- release: {kind: records, quasi_identifiers: [cell]}
SELECT industry, mask_grid(lon, lat, 10) AS cell FROM raw.tax__firm
