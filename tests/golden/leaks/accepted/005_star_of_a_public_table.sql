-- A star over a table without secrets.
SELECT * EXCLUDE (_source_file, _source_line, _load_id) FROM raw.city__school
