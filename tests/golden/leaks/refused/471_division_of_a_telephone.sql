-- Six digits of a telephone number, as the code of a district.
-- refused by: release_ceiling, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: [village], sensitive: [a]}
-- model fusion.answer
SELECT village, mask_division(left(phone, 9), 'district') AS a, mask_division(phone, 'district') AS b FROM raw.health__patient
