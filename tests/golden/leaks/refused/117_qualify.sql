-- QUALIFY is a filter.
-- refused by: release_indirect
SELECT village, sex FROM raw.health__patient
QUALIFY row_number() OVER (PARTITION BY village ORDER BY cost DESC) = 1
