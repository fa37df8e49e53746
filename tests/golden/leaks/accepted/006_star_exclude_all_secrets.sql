-- EXCLUDE names every sensitive column.
SELECT * EXCLUDE (_source_file, _source_line, _load_id, patient_id, national_id, name, phone, birth_date,
  age, diagnosis, hiv, visit_date, cost, address, home_division, notes, tags)
FROM raw.health__patient
