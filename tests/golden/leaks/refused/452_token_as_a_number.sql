-- A token rounded to ten: a pseudonym in the open, in one model.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_round(mask_token(phone, 'digits', 'study', 'university')::DOUBLE, 10) AS a FROM raw.health__patient
