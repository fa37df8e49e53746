-- Contracts that say what follows anyway.
-- level base.step.village: L1
-- level base.step.phone: L3
-- level open.answer.village: L1
-- model base.step
SELECT village, phone FROM raw.health__patient
-- model open.answer
SELECT village FROM base.step
