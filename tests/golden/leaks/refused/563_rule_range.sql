-- Only who costs much.
-- refused by: release_indirect
-- field base.t.cost: logicalTypeOptions: {minimum: 1000}
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT village, cost FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
