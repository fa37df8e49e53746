-- The secret is the pattern, not the text.
-- refused by: release_ceiling, release_indirect
SELECT village, 'Lin Alpha, Oak Beta' LIKE '%' || name || '%' AS x FROM raw.health__patient
