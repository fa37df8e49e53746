-- A cube over a sensitive key.
-- refused by: release_indirect
SELECT sex, count(*) AS n FROM raw.health__patient GROUP BY CUBE (sex, diagnosis)
