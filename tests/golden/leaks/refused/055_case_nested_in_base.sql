-- The condition was applied one model earlier.
-- refused by: release_indirect
-- model base.step
SELECT village, CASE WHEN hiv THEN 'blue' ELSE 'green' END AS colour FROM raw.health__patient
-- model open.answer
SELECT village, colour FROM base.step
