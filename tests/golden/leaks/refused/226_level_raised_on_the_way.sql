-- The model between raises a public column, and that holds from there on.
-- refused by: release_ceiling
-- level base.step.village: L3
-- differs: no (the village is public by itself; the steward of base.step decided otherwise)
-- model base.step
SELECT village, sex FROM raw.health__patient
-- model open.answer
SELECT village FROM base.step
