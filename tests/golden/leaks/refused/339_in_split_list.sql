-- A constant in a list of tags.
-- refused by: release_ceiling, release_indirect
SELECT village, 'urgent' IN string_split(tags, ';') AS x FROM raw.health__patient
