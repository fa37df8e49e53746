-- A masked group key, groups of a raw one.
-- refused by: release_indirect
-- release: {kind: statistics, count: n}
SELECT mask_date(birth_date, 'year') AS born, count(*) AS n FROM raw.health__patient
GROUP BY mask_date(birth_date, 'year'), diagnosis
