-- INTERSECT ALL counts.
-- refused by: release_indirect, release_ceiling
SELECT name FROM raw.city__official INTERSECT ALL SELECT owner FROM raw.tax__firm
