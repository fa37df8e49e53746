-- Pseudonyms of two different columns.
-- release: {channel: extract, kind: records, quasi_identifiers: [village], sensitive: [plate, driver]}
-- model fusion.answer
SELECT mask_pseudonym(plate, 'study', 'university') AS plate, mask_pseudonym(driver, 'study', 'university') AS driver,
  village, speed
FROM raw.police__sighting
