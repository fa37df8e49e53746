-- A pattern that only some diagnoses have.
-- refused by: release_indirect
-- field base.t.diagnosis: logicalTypeOptions: {pattern: "B.*"}
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT village, diagnosis FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
