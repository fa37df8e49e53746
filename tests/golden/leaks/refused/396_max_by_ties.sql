-- max_by takes the first of equals, as the rows come.
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT max_by(village, one) AS f FROM base.s
