-- One patient of each diagnosis stays: the first by all values.
-- refused by: release_indirect
-- field base.t.diagnosis: unique: true
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT village, diagnosis FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
