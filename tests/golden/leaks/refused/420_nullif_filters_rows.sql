-- Who was born on that day.
-- refused by: release_indirect
SELECT village, count(*) AS n FROM raw.health__patient WHERE mask_date(nullif(birth_date, '1950-03-17'), 'year') IS NULL GROUP BY village
