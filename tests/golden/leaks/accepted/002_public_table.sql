-- A public table as it is.
SELECT village, district, population FROM raw.city__village
