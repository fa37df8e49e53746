-- A column made of public values that the contract raises: the rule tells of it.
-- refused by: release_indirect
-- level base.t.rank: L3
-- field base.t.rank: logicalTypeOptions: {maximum: 3}
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT village, length(village) AS rank FROM raw.city__village
-- model open.answer
SELECT village FROM base.t
