-- Forms: joins, set operations, subqueries, stars, lists, structs, series.
-- inner and left join
SELECT a.id, b.x FROM raw.number AS a JOIN raw.text AS b ON b.id = a.id LEFT JOIN raw.time AS t ON t.id = b.id AND t.d > DATE '2000-01-01'
-- right and full join
SELECT coalesce(a.id, b.id) AS id, a.i, b.x FROM raw.number AS a FULL JOIN raw.text AS b ON b.id = a.id + 3
-- right join
SELECT a.i, b.id FROM raw.number AS a RIGHT JOIN raw.text AS b ON b.id = a.id + 3
-- using and natural
SELECT id, i, x FROM raw.number JOIN raw.text USING (id)
-- natural join
SELECT id, i, g FROM (SELECT id, i FROM raw.number) AS a NATURAL JOIN (SELECT n AS id, g FROM raw.grouped) AS b
-- semi and anti join
SELECT id FROM raw.text AS a SEMI JOIN raw.number AS b ON b.id = a.id
-- anti join
SELECT id FROM raw.text AS a ANTI JOIN raw.number AS b ON b.id = a.id
-- cross join
SELECT a.id, b.n FROM raw.number AS a CROSS JOIN raw.grouped AS b WHERE a.id < b.n
-- a join on NULLs
SELECT a.n, b.n AS other FROM raw.grouped AS a JOIN raw.grouped AS b ON a.g = b.g AND a.n < b.n
-- unions
SELECT id, x FROM raw.text UNION ALL SELECT n, g FROM raw.grouped
-- distinct union
SELECT g FROM raw.grouped UNION SELECT x FROM raw.grouped
-- union by name
SELECT g, x FROM raw.grouped UNION BY NAME SELECT x, g FROM raw.grouped
-- except and intersect
(SELECT g FROM raw.grouped EXCEPT SELECT x FROM raw.grouped) UNION ALL (SELECT g FROM raw.grouped INTERSECT SELECT g FROM raw.grouped WHERE n > 2)
-- numbers of different types in one column
SELECT i AS v FROM raw.number UNION ALL SELECT m FROM raw.number
-- named subqueries
WITH a AS (SELECT id, i FROM raw.number WHERE i > 0), b(k, v) AS (SELECT id, i * 2 FROM a) SELECT a.id, b.v FROM a JOIN b ON b.k = a.id
-- a recursive one
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 7) SELECT n FROM r
-- scalar subquery
SELECT id, i - (SELECT min(i) FROM raw.number) AS a FROM raw.number
-- correlated subquery
SELECT n FROM raw.grouped AS a WHERE EXISTS (SELECT 1 FROM raw.grouped AS b WHERE b.g = a.g AND b.n > a.n)
-- not exists
SELECT n FROM raw.grouped AS a WHERE NOT EXISTS (SELECT 1 FROM raw.grouped AS b WHERE b.g = a.g AND b.n > a.n)
-- in and not in
SELECT n FROM raw.grouped WHERE g IN (SELECT x FROM raw.grouped) OR n NOT IN (SELECT id FROM raw.number)
-- lateral subquery
SELECT a.id, b.x FROM raw.number AS a, LATERAL (SELECT t.x FROM raw.text AS t WHERE t.id = a.id ORDER BY t.id LIMIT 1) AS b
-- stars
SELECT * EXCLUDE (x) REPLACE (n + 1 AS n) RENAME (i AS number) FROM raw.grouped
-- written rows
SELECT d.k, d.v FROM (VALUES ('a', 1), ('b', 2)) AS d(k, v)
-- order and limit
SELECT id, x FROM raw.text ORDER BY x DESC, id LIMIT 5 OFFSET 2
-- order with NULLs first
SELECT n, i FROM raw.grouped ORDER BY i NULLS FIRST, n LIMIT 3
-- a series of numbers
SELECT n.k, g.n FROM range(3) AS n(k), raw.grouped AS g WHERE g.n > n.k
-- a series of days
SELECT CAST(t.d AS DATE) AS d FROM generate_series(DATE '2026-01-30', DATE '2026-03-02', INTERVAL 1 DAY) AS t(d)
-- an empty series
SELECT n.k FROM generate_series(3, 1) AS n(k)
-- lists
SELECT id, list_contains(l, 'a') AS a, len(l) AS b, l[1] AS c, [id, 2] AS e, l[9] AS f FROM raw.lists
-- lambdas
SELECT id, list_transform(l, lambda v: upper(v)) AS a, [length(v) FOR v IN l IF v > 'a'] AS b FROM raw.lists
-- a list as rows
SELECT id, unnest(l) AS v FROM raw.lists
-- a list as rows of FROM
SELECT s.id, t.v FROM raw.lists AS s, unnest(s.l) AS t(v)
-- structs
SELECT t.s.a AS a, t.s.b AS b FROM (SELECT {'a': id, 'b': l} AS s FROM raw.lists) AS t
-- columns as rows
SELECT id, name, value FROM (SELECT * FROM raw.number) AS n JOIN (SELECT id AS k, name, value FROM raw.number UNPIVOT (value FOR name IN (i, j))) AS u ON u.k = n.id
