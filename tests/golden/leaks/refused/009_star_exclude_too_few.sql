-- EXCLUDE lists the obvious columns and forgets the diagnosis.
-- refused by: release_ceiling
SELECT * EXCLUDE (_source_file, _source_line, _load_id, patient_id, national_id, name, phone, birth_date,
  age, hiv, visit_date, cost, address, home_division, notes, tags)
FROM raw.health__patient
