-- Remarks masked as a plate: what has its shape is shown in part.
-- refused by: release_ceiling, mask_unsuited
-- release: {channel: extract, kind: records, quasi_identifiers: [], sensitive: [a]}
-- model fusion.answer
SELECT village, mask_email(national_id) AS a, mask_plate(diagnosis) AS b FROM raw.health__patient
