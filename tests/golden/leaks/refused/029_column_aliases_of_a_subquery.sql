-- A derived table whose columns get exchanged names.
-- refused by: release_ceiling
SELECT t.village FROM (SELECT phone, village FROM raw.health__patient) AS t(village, phone)
