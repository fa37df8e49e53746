-- The same as a filter of a plain release.
-- refused by: release_indirect
SELECT village FROM raw.health__patient WHERE mask_address(coalesce(nullif(diagnosis, 'B24'), '示例市甲区0号')) IS NOT NULL
