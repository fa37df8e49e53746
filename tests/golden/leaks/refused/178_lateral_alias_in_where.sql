-- An alias used in WHERE.
-- refused by: release_indirect
SELECT village FROM (SELECT village, hiv AS ok FROM raw.health__patient WHERE ok) AS t
