-- A cell's width depends on the other argument: four grids of one longitude.
-- refused by: masks_combine
-- release: {kind: records, quasi_identifiers: [a, b, c, d]}
SELECT mask_grid(lon, 0, 500) AS a, mask_grid(lon, 20, 500) AS b, mask_grid(lon, 40, 500) AS c, mask_grid(lon, 60, 500) AS d FROM raw.tax__firm
