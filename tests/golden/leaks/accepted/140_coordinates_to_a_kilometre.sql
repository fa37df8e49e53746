-- Coordinates, through a base model that renames them.
-- release: {kind: records, quasi_identifiers: [x, y]}
-- model base.place
SELECT industry, lon AS x0, lat AS y0 FROM raw.tax__firm
-- model open.answer
SELECT industry, mask_coordinate(x0, 2) AS x, mask_coordinate(y0, 2) AS y FROM base.place
