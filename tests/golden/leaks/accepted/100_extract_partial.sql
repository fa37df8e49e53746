-- An extract may carry L2: partial masks of a telephone and a name.
-- release: {channel: extract, kind: records, quasi_identifiers: [sex], sensitive: [phone, name]}
-- model fusion.answer
SELECT sex, mask_phone(phone) AS phone, mask_name(name) AS name FROM raw.health__patient
