-- The first letter of a diagnosis, masked as a name.
-- refused by: release_ceiling, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: [], sensitive: [a]}
-- model fusion.answer
WITH p AS (SELECT village, diagnosis AS name FROM raw.health__patient)
SELECT village, mask_name(name) AS a FROM p
