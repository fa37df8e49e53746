-- An ASOF join takes one of equal rows, as they come.
-- refused by: release_indirect
-- model base.s
SELECT village, sex, 1 AS one, row_number() OVER (ORDER BY cost) AS rn FROM raw.health__patient
-- model open.answer
SELECT d.day, s.village FROM raw.city__day d ASOF JOIN (SELECT DATE '2025-01-01' AS k, village FROM base.s) s ON d.day >= s.k
