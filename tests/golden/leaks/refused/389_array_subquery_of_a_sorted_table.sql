-- A window sorted the table: ARRAY(SELECT ...) tells the order.
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT array_to_string(ARRAY(SELECT village FROM base.s), ',') AS a
