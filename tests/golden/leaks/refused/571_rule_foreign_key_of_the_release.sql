-- Which villages have a patient whose diagnosis is B24.
-- refused by: release_indirect
-- rule: {rule: foreign_key, fields: [village], references: base.b24, to: [village]}
-- differs: no (the gate does it, see tests/pipelines/levels/test_rules.py)
-- model base.b24
SELECT village FROM raw.health__patient WHERE diagnosis = 'B24'
-- model open.answer
SELECT village, population FROM raw.city__village
