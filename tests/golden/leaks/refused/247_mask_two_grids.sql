-- Two grids of different size.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [a, b]}
SELECT industry, mask_grid(lon, lat, 500) AS a, mask_grid(lon, lat, 700) AS b
FROM raw.tax__firm
