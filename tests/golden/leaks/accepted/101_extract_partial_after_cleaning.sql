-- Trimmed, cast, blanked and filled up; the value itself reaches the mask.
-- release: {channel: extract, kind: records, quasi_identifiers: [village], sensitive: [phone]}
-- model fusion.answer
SELECT village, mask_phone(coalesce(nullif(trim(CAST(phone AS VARCHAR)), ''), phone)) AS phone FROM raw.health__patient
