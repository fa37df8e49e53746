-- A grid cell and rounded coordinates.
-- refused by: masks_combine, release_ceiling
-- release: {kind: records, quasi_identifiers: [a, b]}
SELECT industry, mask_grid(lon, lat, 700) AS a, mask_coordinate(lon, 2) AS b FROM raw.tax__firm
