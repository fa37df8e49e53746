-- LIMIT of an unnested ARRAY(SELECT ...).
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT u FROM unnest(ARRAY(SELECT village FROM base.s)) t(u) LIMIT 2
