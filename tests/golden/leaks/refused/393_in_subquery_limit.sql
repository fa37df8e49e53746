-- The same in an IN list.
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT village FROM raw.city__village WHERE village IN (SELECT village FROM base.s LIMIT 1)
