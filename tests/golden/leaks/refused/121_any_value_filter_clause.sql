-- A public value, aggregated over the rows of a secret condition.
-- refused by: release_indirect
SELECT sex, min(village) FILTER (WHERE hiv) AS x FROM raw.health__patient GROUP BY sex
