-- The key is required in its table; behind a LEFT JOIN by a secret it is missing where nothing fits.
-- refused by: release_indirect
-- field base.t.code: required: true
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT p.village, i.code FROM raw.health__patient p LEFT JOIN raw.health__icd i ON i.code = p.diagnosis
-- model open.answer
SELECT village FROM base.t
