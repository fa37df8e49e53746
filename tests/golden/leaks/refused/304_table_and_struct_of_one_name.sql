-- `s.phone` is the column of table s, not the field of the struct s.
-- refused by: release_ceiling, lineage_unresolved
SELECT s.phone AS x FROM (SELECT {'phone': 'none'} AS s) AS t, (SELECT phone FROM raw.health__patient) AS s
