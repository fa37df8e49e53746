-- The field has a public column's name, the content has not.
-- refused by: release_ceiling
SELECT s.village FROM (SELECT {'village': notes, 'notes': village} AS s FROM raw.health__patient) AS t
