-- In one branch of the union it is a name, in the other remarks.
-- refused by: release_ceiling, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: [], sensitive: [a]}
-- model fusion.answer
SELECT mask_name(x) AS a FROM (SELECT name AS x FROM raw.health__patient UNION ALL SELECT notes FROM raw.health__patient) AS u
