-- Villages with at least one case.
-- refused by: release_indirect
SELECT village FROM raw.health__patient GROUP BY village HAVING bool_or(hiv)
