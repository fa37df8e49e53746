-- Packed into a struct and taken out by name.
-- refused by: release_ceiling
SELECT s.a AS x, s.b AS y FROM (SELECT {'a': village, 'b': phone} AS s FROM raw.health__patient) AS t
