-- Two stars in a row, the contract between them.
-- refused by: release_ceiling
-- model base.step
SELECT * EXCLUDE (_source_file, _source_line, _load_id) FROM raw.health__patient
-- model open.answer
SELECT * EXCLUDE (patient_id, national_id, name, phone, birth_date, age, diagnosis, hiv, visit_date,
  address, home_division, notes, tags)
FROM base.step
