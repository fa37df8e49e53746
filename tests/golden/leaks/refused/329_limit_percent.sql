-- A limit in per cent after a secret order.
-- refused by: release_indirect
SELECT village FROM raw.health__patient ORDER BY cost LIMIT 30%
