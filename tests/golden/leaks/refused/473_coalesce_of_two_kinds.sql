-- A telephone, or what else is there.
-- refused by: release_ceiling, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: [], sensitive: [a]}
-- model fusion.answer
SELECT village, mask_text(coalesce(notes, diagnosis)) AS a FROM raw.health__patient
