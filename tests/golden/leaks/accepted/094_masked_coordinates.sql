-- Coordinates with two decimals.
-- release: {kind: records, quasi_identifiers: [lon, lat]}
SELECT industry, mask_coordinate(lon, 2) AS lon, mask_coordinate(lat, 2) AS lat FROM raw.tax__firm
