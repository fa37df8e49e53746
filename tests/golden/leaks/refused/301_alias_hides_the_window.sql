-- And so does a window.
-- refused by: release_indirect
SELECT village AS cost, row_number() OVER (ORDER BY cost) AS n FROM raw.health__patient
