-- The alias takes the name of a public column, the public column takes another one.
-- refused by: release_ceiling
SELECT phone AS village, village AS v FROM raw.health__patient
