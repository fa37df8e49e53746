-- Free-text masking looks for digits; the telephone comes in letters.
-- refused by: release_ceiling, masks_combine
-- release: {channel: extract, kind: records, sensitive: [a]}
-- model fusion.answer
SELECT village, mask_text(translate(phone, '0123456789', 'abcdefghij')) AS a FROM raw.health__patient
