-- A rule two models up.
-- refused by: release_indirect
-- rule base.a: {rule: row, holds: "age >= 65"}
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.a
SELECT village, patient_id, age FROM raw.health__patient
-- model base.b
SELECT village, patient_id FROM base.a
-- model open.answer
SELECT v.village FROM raw.city__village v WHERE EXISTS (SELECT 1 FROM base.b AS b WHERE b.village = v.village)
