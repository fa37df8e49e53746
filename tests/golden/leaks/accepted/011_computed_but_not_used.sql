-- A subquery computes with a secret; nothing of it goes further.
SELECT t.village FROM (SELECT village, upper(name) AS x, cost * 2 AS y FROM raw.health__patient) AS t
