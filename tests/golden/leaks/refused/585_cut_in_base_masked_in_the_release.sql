-- Base cuts the name, the release keeps its first letter: another one each time.
-- refused by: release_ceiling
-- release: {channel: extract, kind: records, quasi_identifiers: [a, b]}
-- model base.person
SELECT substr(name, 2) AS one, substr(name, 3) AS other FROM raw.health__patient
-- model fusion.answer
SELECT mask_name(one) AS a, mask_name(other) AS b FROM base.person
