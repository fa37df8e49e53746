-- A row condition in base keeps some patients from every release of it.
-- refused by: release_indirect
-- rule base.p: {rule: row, holds: "diagnosis <> 'B24'"}
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.p
SELECT village, diagnosis FROM raw.health__patient
-- model open.answer
SELECT village FROM base.p
