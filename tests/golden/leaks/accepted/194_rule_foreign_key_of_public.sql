-- A foreign key into a public register.
-- rule base.t: {rule: foreign_key, fields: [village], references: raw.city__village, to: [village]}
-- model base.t
SELECT village, diagnosis FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
