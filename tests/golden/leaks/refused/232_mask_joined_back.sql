-- Masked in one model, then joined with the raw table.
-- refused by: release_ceiling
-- model base.step
SELECT patient_id, village, mask_date(birth_date, 'year') AS born FROM raw.health__patient
-- model open.answer
SELECT s.village, s.born, p.birth_date AS day
FROM base.step AS s JOIN raw.health__patient AS p ON p.patient_id = s.patient_id
