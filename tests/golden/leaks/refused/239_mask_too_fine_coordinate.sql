-- Three decimals are a house.
-- refused by: release_ceiling, mask_argument
-- release: {kind: records, quasi_identifiers: [x, y]}
SELECT industry, mask_coordinate(lon, 3) AS x, mask_coordinate(lat, 3) AS y FROM raw.tax__firm
