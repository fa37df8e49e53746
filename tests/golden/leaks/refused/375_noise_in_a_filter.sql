-- Small noise in a filter tells the value.
-- refused by: release_indirect
SELECT village FROM raw.health__patient WHERE mask_noise(cost, 0.01, 'study', 'university') > 900
