-- A CTE with a column list that exchanges the names.
-- refused by: release_ceiling
WITH t(village, phone) AS (SELECT phone, village FROM raw.health__patient)
SELECT village FROM t
