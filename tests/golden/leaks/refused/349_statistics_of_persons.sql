-- Called a statistic, grouped by person.
-- refused by: release_ceiling
-- release: {kind: statistics, count: n}
SELECT national_id, count(*) AS n FROM raw.health__patient GROUP BY national_id
