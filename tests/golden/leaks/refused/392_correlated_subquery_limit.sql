-- The same, correlated.
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT v.village, (SELECT x.sex FROM base.s x WHERE x.village = v.village LIMIT 1) AS a FROM raw.city__village v
