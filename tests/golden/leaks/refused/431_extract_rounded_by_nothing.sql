-- A step of a millionth hides nothing and leads L4 to L2.
-- refused by: release_ceiling, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: [], sensitive: [a]}
-- model fusion.answer
SELECT village, mask_round(patient_id, 0.000001) AS a FROM raw.health__patient
