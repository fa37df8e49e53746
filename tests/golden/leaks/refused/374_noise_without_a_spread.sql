-- Nobody has said which spread hides a cost.
-- refused by: release_ceiling
-- release: {channel: sandbox, kind: records, quasi_identifiers: [a]}
-- model thematic.answer
SELECT village, mask_noise(cost, 0.01, 'study', 'university') AS a FROM raw.health__patient
