-- A flag rounded to whole numbers.
-- refused by: release_ceiling, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: [], sensitive: [a]}
-- model fusion.answer
SELECT village, mask_round(hiv::INTEGER, 1) AS a FROM raw.health__patient
