-- Packed into a list and taken out again.
-- refused by: release_ceiling
SELECT [village, phone][2] AS x FROM raw.health__patient
