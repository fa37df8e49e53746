-- A filter by the first letter of a diagnosis.
-- refused by: release_indirect, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village FROM raw.health__patient WHERE mask_name(tags) <> 'u.'
