-- Rows whose diagnosis is common.
-- refused by: release_indirect
SELECT village FROM raw.health__patient QUALIFY count(*) OVER (PARTITION BY diagnosis) > 2
