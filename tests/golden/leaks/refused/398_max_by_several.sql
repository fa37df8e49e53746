-- max_by with a number lists the rows in order.
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT array_to_string(max_by(village, one, 3), ',') AS f FROM base.s
