-- The rule holds of the source's value, not of what CASE leaves of it.
-- refused by: release_indirect
-- field base.t.id: required: true
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT village, CASE WHEN hiv THEN patient_id END AS id FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
