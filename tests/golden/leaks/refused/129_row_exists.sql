-- A row of constants appears when the condition holds.
-- refused by: release_indirect
SELECT 1 AS one FROM raw.health__patient WHERE diagnosis = 'B24'
