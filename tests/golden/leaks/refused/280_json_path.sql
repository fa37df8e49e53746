-- Out of a JSON text that was made one step before.
-- refused by: release_ceiling
SELECT json_extract_string(j, '$.p') AS x
FROM (SELECT json_object('v', village, 'p', phone) AS j FROM raw.health__patient) AS t
