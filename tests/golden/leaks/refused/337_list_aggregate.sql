-- List functions over a list of one.
-- refused by: release_ceiling
SELECT array_to_string([phone], '') AS a, list_aggregate([notes], 'max') AS b FROM raw.health__patient
