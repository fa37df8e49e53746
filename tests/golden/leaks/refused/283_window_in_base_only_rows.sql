-- A window one model earlier, here only how many rows are left.
-- refused by: release_indirect
-- model base.step
SELECT village, row_number() OVER (PARTITION BY diagnosis ORDER BY village) AS n FROM raw.health__patient
-- model open.answer
SELECT count(*) AS n FROM base.step WHERE n = 1
