-- `v.*` in a join with a sensitive table.
SELECT v.* EXCLUDE (_source_file, _source_line, _load_id), p.sex
FROM raw.health__patient AS p JOIN raw.city__village AS v ON v.village = p.village
