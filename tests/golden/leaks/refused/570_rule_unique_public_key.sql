-- One patient of each village stays; which one is decided by his diagnosis, and his sex is shown.
-- refused by: release_indirect
-- field base.t.village: primaryKey: true
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT village, diagnosis, sex FROM raw.health__patient
-- model open.answer
SELECT village, sex FROM base.t
