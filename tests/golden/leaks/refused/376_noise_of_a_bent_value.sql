-- An earlier model has made the value large.
-- refused by: release_ceiling
-- release: {channel: sandbox, kind: records, quasi_identifiers: [a]}
-- model base.step
SELECT village, cost * 100000 AS c FROM raw.health__patient
-- model thematic.answer
SELECT village, mask_noise(c, 10, 'study', 'university') AS a FROM base.step
