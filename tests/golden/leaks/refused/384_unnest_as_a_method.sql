-- unnest called as a method makes rows; the column is dropped, the number of rows stays.
-- refused by: release_indirect
SELECT village FROM (SELECT village, (CASE WHEN hiv THEN [1] ELSE [] END).unnest() AS u FROM raw.health__patient)
