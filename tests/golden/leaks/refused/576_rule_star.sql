-- A condition that names no column, and so may look at all.
-- refused by: release_indirect
-- rule base.t: {rule: row, holds: "hash(COLUMNS('diag.*')) > 0"}
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT village, diagnosis FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
