-- A justification is for indirect flow; it does not let the value itself out.
-- refused by: release_ceiling
-- justification: raw.health__patient.phone
SELECT village, phone FROM raw.health__patient
