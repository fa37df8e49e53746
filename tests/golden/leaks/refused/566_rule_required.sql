-- Only patients with remarks.
-- refused by: release_indirect
-- field base.t.notes: required: true
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT village, notes FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
