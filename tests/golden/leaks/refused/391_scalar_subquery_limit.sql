-- LIMIT in a scalar subquery over a table that a window sorted.
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT (SELECT village FROM base.s LIMIT 1) AS a
