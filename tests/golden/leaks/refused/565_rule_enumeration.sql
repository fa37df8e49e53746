-- Only two diagnoses are valid.
-- refused by: release_indirect
-- field base.t.diagnosis: quality: [{type: library, metric: invalidValues, arguments: {validValues: [B24, F20]}, mustBe: 0}]
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT village, diagnosis FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
