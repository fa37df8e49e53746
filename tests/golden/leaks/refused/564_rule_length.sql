-- Only long remarks.
-- refused by: release_indirect
-- field base.t.notes: logicalTypeOptions: {minLength: 12}
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT village, notes FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
