-- The contract of the model between calls the telephone public.
-- refused by: level_lowered
-- at: base.step
-- level base.step.contact: L1
-- model base.step
SELECT village, phone AS contact FROM raw.health__patient
-- model open.answer
SELECT village, contact FROM base.step
