-- A star takes everything along.
-- refused by: release_ceiling
SELECT * EXCLUDE (_source_file, _source_line, _load_id) FROM raw.health__patient
