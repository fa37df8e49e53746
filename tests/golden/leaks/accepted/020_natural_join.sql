-- NATURAL JOIN of two public subqueries.
SELECT village, district, school
FROM (SELECT village, district FROM raw.city__village) AS v
NATURAL JOIN (SELECT village, school FROM raw.city__school) AS s
