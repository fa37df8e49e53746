-- The first of them: the place of the cheapest patient.
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT (ARRAY(SELECT village FROM base.s))[1] AS a
