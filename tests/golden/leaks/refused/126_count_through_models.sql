-- The filter stands in one model, the count in the next.
-- refused by: release_indirect
-- model base.step
SELECT village FROM raw.health__patient WHERE diagnosis = 'B24'
-- model open.answer
SELECT village, count(*) AS n FROM base.step GROUP BY village
