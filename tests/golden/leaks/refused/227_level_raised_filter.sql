-- The raised column is used as a filter.
-- refused by: release_indirect
-- level base.step.ward: L2
-- differs: no (the ward is public by itself; the steward of base.step decided otherwise)
-- model base.step
SELECT village, upper(village) AS ward FROM raw.health__patient
-- model open.answer
SELECT village FROM base.step WHERE ward = 'NORTH'
