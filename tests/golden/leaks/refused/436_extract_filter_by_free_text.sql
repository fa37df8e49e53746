-- A filter by a code in the clothes of free text.
-- refused by: release_indirect, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village FROM raw.health__patient WHERE mask_text(diagnosis) = 'B24'
