-- Two masks of one value decide together.
-- refused by: release_indirect
SELECT village FROM raw.health__patient WHERE mask_amount(cost, 500) = '[500,1000)' AND mask_round(cost, 300) = 600
