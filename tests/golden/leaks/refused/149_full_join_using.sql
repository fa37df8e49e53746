-- USING merges both keys into one column.
-- refused by: release_ceiling
SELECT name FROM raw.city__official FULL JOIN raw.health__patient USING (name)
