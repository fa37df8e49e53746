-- Masked in base, the raw value dropped there.
-- release: {channel: extract, kind: records, quasi_identifiers: [village], sensitive: [plate]}
-- model base.step
SELECT village, speed, mask_plate(plate) AS plate FROM raw.police__sighting
-- model fusion.answer
SELECT village, plate, speed FROM base.step
