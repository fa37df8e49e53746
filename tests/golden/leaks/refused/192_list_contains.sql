-- Whether a tag is there.
-- refused by: release_ceiling, release_indirect
SELECT village, list_contains(string_split(tags, ';'), 'urgent') AS x FROM raw.health__patient
