-- The release has it answered for.
-- rule base.t: {rule: row, holds: "cost > 0"}
-- justification: raw.health__patient.cost
-- model base.t
SELECT village, cost FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
