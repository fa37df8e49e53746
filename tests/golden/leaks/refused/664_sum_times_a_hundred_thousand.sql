-- A list repeats each cost so often that the sum shows it to the cent.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
SELECT village, mask_round(sum(cost), 100) AS s FROM (SELECT village, cost, unnest(range(100000)) AS x FROM raw.health__patient) GROUP BY village
