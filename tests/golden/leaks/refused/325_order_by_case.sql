-- The order is a CASE.
-- refused by: release_indirect
SELECT village FROM raw.health__patient ORDER BY CASE WHEN hiv THEN 0 ELSE 1 END, village LIMIT 3
