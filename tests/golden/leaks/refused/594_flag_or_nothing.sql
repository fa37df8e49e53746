-- TRY_CAST makes NULL of all but one diagnosis.
-- refused by: release_ceiling, release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(TRY_CAST(replace(diagnosis, 'B24', '5') AS BIGINT), 'study', 'university') AS t FROM raw.health__patient
