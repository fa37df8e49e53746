-- Public values in both branches; how many the second one adds depends on a diagnosis.
-- refused by: release_indirect
SELECT village FROM raw.city__village
UNION ALL
SELECT village FROM raw.health__patient WHERE diagnosis = 'B24'
