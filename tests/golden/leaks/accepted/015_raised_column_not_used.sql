-- The steward of base raised a column that the release does not read.
-- level base.step.sex: L3
-- model base.step
SELECT village, sex FROM raw.health__patient
-- model open.answer
SELECT village FROM base.step
