-- Public columns of the three dearest.
-- refused by: release_indirect
SELECT village, sex FROM raw.health__patient ORDER BY cost DESC LIMIT 3
