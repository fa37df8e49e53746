-- A filter by an identifier, rounded to a half.
-- refused by: release_indirect, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village FROM raw.health__patient WHERE mask_round(patient_id, 0.5) = 100037
