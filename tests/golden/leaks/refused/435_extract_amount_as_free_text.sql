-- mask_text of a number leaves it as it is.
-- refused by: release_ceiling, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: [], sensitive: [a]}
-- model fusion.answer
SELECT village, mask_text(cost::VARCHAR) AS a FROM raw.health__patient
