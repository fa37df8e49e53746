-- arg_max with a constant key takes the first row.
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT arg_max(village, one) AS f FROM base.s
