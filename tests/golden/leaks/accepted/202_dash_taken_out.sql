-- A dash that stands for nothing is taken out in base.
-- model base.p
SELECT village, nullif(trim(phone), '-') AS phone FROM raw.health__patient
-- release: {channel: extract, kind: records, quasi_identifiers: [village, tel]}
-- model fusion.answer
SELECT village, mask_phone(phone) AS tel FROM base.p
