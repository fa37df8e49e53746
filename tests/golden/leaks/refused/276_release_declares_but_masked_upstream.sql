-- Generalised one model earlier, passed on without a word.
-- refused by: release_undeclared
-- model base.step
SELECT village, mask_age(age, 10) AS band FROM raw.health__patient
-- model open.answer
SELECT village, band FROM base.step
