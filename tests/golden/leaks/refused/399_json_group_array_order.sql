-- json_group_array lists the rows in their order.
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT json_group_array(village)::VARCHAR AS f FROM base.s
