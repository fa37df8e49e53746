-- A CTE with the table's bare name; the qualified name still means the table.
-- refused by: release_ceiling
WITH health__patient AS (SELECT 'none' AS phone, 'none' AS village)
SELECT phone FROM raw.health__patient
