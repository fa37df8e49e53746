-- The same in EXISTS.
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT v.village FROM raw.city__village v WHERE EXISTS (SELECT 1 FROM (SELECT village FROM base.s LIMIT 2) l WHERE l.village = v.village)
