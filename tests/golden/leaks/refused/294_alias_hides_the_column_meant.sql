-- `phone` in the second item is the table's column, not the alias before it.
-- refused by: release_ceiling
SELECT t.v FROM (SELECT village AS phone, phone AS v FROM raw.health__patient) AS t
