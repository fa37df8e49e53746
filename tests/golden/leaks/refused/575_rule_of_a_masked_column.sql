-- The rule looks at what a mask leaves: a part of the name decides.
-- refused by: release_indirect
-- rule base.t: {rule: row, holds: "short LIKE 'L%'"}
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT village, mask_name(name) AS short FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
