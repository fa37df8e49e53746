-- RENAME within a public star.
SELECT * EXCLUDE (_source_file, _source_line, _load_id) RENAME (population AS people) FROM raw.city__village
