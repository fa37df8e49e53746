-- Firms on a grid of a kilometre.
-- release: {kind: records, quasi_identifiers: [industry, cell]}
SELECT industry, mask_grid(lon, lat, 1000) AS cell FROM raw.tax__firm
