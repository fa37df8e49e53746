-- Cleaned in base, masked in the release.
-- model base.p
SELECT village, regexp_replace(trim(phone), '[^0-9]', '', 'g') AS phone FROM raw.health__patient
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, mask_pseudonym(phone, 'study', 'university') AS phone FROM base.p
