-- A public window value whose frame is measured on a sensitive column.
-- refused by: release_indirect
SELECT village, max(village) OVER (ORDER BY cost RANGE BETWEEN 100 PRECEDING AND 100 FOLLOWING) AS x
FROM raw.health__patient
