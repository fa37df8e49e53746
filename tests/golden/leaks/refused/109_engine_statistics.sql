-- The engine's own statistics of a column hold its extremes.
-- refused by: release_ceiling, lineage_unresolved, sql_function
SELECT CAST(stats(phone) AS VARCHAR) AS x FROM raw.health__patient
