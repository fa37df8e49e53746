-- Free text with the personal parts taken out.
-- release: {channel: extract, kind: records, quasi_identifiers: [village], sensitive: [notes]}
-- model fusion.answer
SELECT village, mask_text(notes) AS notes FROM raw.health__patient
