-- The window is defined at the end.
-- refused by: release_indirect
SELECT village, ntile(4) OVER w AS quarter FROM raw.health__patient WINDOW w AS (ORDER BY cost)
