-- A sample of a sensitive column.
-- refused by: release_ceiling, sql_function
SELECT phone FROM raw.health__patient USING SAMPLE 5
