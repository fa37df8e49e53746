-- Public persons stay if they are patients.
-- refused by: release_indirect
-- rule base.t: {rule: foreign_key, fields: [title], references: raw.health__patient, to: [name]}
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.t
SELECT code, title FROM raw.health__icd
-- model open.answer
SELECT code FROM base.t
