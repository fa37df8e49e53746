-- The number of rows is the number of tags.
-- refused by: release_indirect, release_ceiling
SELECT village FROM (SELECT village, unnest(string_split(tags, ';')) AS tag FROM raw.health__patient) AS t
