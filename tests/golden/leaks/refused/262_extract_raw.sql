-- An extract's ceiling is L2; the raw telephone is L3.
-- refused by: release_ceiling
-- release: {channel: extract, kind: records}
-- model fusion.answer
SELECT village, age, phone FROM raw.health__patient
