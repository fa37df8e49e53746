-- projection
SELECT a, t.b AS x, a + c AS s, upper(b) AS u, 1 AS one FROM raw.t AS t

-- star with except, replace and rename
SELECT * EXCLUDE (d, l, s, p) REPLACE (a + 1 AS a) RENAME (b AS bb) FROM raw.t

-- whole row
SELECT t AS everything FROM raw.t AS t

-- alias of an earlier column
SELECT a + 1 AS x, x * 2 AS y FROM raw.t

-- alias that shadows a column is not what is meant
SELECT b AS a, a AS z FROM raw.t

-- filter
SELECT a FROM raw.t WHERE b = 'x' AND p

-- case and if
SELECT CASE WHEN p THEN a ELSE c END AS x, if(b = 'x', 1, 0) AS y, CASE b WHEN 'q' THEN c END AS z FROM raw.t

-- aggregates and groups
SELECT b, count(*) AS n, sum(a) AS s, count(c) AS k, max(a) AS m FROM raw.t GROUP BY b HAVING min(c) > 0

-- group by position and all
SELECT b, d, count(*) AS n FROM raw.t GROUP BY ALL

-- aggregate with filter and order inside
SELECT sum(a) FILTER (WHERE p) AS f, string_agg(b, ',' ORDER BY d) AS g, arg_max(b, d) AS h FROM raw.t

-- window
SELECT row_number() OVER (PARTITION BY b ORDER BY d) AS n, lag(a) OVER w AS prev FROM raw.t WINDOW w AS (ORDER BY c)

-- qualify
SELECT a FROM raw.t QUALIFY row_number() OVER (PARTITION BY b ORDER BY c) = 1

-- join
SELECT t.a, u.v FROM raw.t AS t JOIN raw.u AS u ON t.b = u.b AND u.w > 1

-- using
SELECT * EXCLUDE (c, d, l, s, p) FROM raw.t JOIN raw.u USING (b)

-- semi join
SELECT t.a FROM raw.t AS t SEMI JOIN raw.u AS u ON t.b = u.b

-- left join, natural
SELECT a, w FROM raw.t NATURAL LEFT JOIN raw.u

-- exists
SELECT a FROM raw.t AS t WHERE EXISTS (SELECT 1 FROM raw.u AS u WHERE u.b = t.b AND u.w > 3)

-- correlated scalar subquery
SELECT a, (SELECT max(u.w) FROM raw.u AS u WHERE u.b = t.b) AS m FROM raw.t AS t

-- in subquery in the projection
SELECT b IN (SELECT v FROM raw.u) AS known FROM raw.t

-- cte that shadows a table's name
WITH t AS (SELECT v AS a FROM raw.u) SELECT a FROM t

-- cte chain
WITH x AS (SELECT a, b FROM raw.t WHERE p), y AS (SELECT a * 2 AS a2 FROM x WHERE b <> '') SELECT a2 FROM y

-- recursive cte
WITH RECURSIVE r(n, who) AS (SELECT a, b FROM raw.t UNION ALL SELECT r.n + 1, u.v FROM r JOIN raw.u AS u ON u.b = r.who WHERE r.n < 3) SELECT n, who FROM r

-- union
SELECT a, b FROM raw.t UNION ALL SELECT w, v FROM raw.u

-- union distinct and by name
SELECT b FROM raw.t UNION BY NAME SELECT b, v FROM raw.u

-- except
SELECT b FROM raw.t EXCEPT SELECT v FROM raw.u

-- order and limit
SELECT a FROM raw.t ORDER BY c DESC LIMIT 3

-- distinct on
SELECT DISTINCT ON (b) b, a FROM raw.t ORDER BY b, c

-- struct
SELECT struct_pack(k := a, m := b) AS st, s.f AS inner_field, {'q': c}.q AS back FROM raw.t

-- lists and lambdas
SELECT list_transform(l, lambda v: v + a) AS x, [w * 2 FOR w IN l IF w > c] AS y, l[1] AS first FROM raw.t

-- unnest
SELECT a, unnest(l) AS item FROM raw.t

-- unnest in from
SELECT t.a, e.item FROM raw.t AS t, unnest(t.l) AS e(item)

-- lateral subquery
SELECT t.a, z.twice FROM raw.t AS t, LATERAL (SELECT t.c * 2 AS twice WHERE t.p) AS z

-- values
SELECT k, n FROM (VALUES ('x', 1), ('y', 2)) AS v(k, n)

-- masks
SELECT mask_phone(b) AS m, mask_date(d, 'month') AS mo, mask_phone(trim(b)) AS t, mask_phone(substr(b, 1, 3)) AS no, mask_pseudonym(b, 'p', 'r') AS id FROM raw.t

-- mask on one branch only
SELECT CASE WHEN p THEN mask_name(b) ELSE b END AS x, coalesce(mask_name(b), b) AS y FROM raw.t

-- filter on a masked value
SELECT a FROM raw.t WHERE mask_date(d, 'year') = DATE '2020-01-01'

-- suppressed counts
SELECT b, mask_suppress(count(*), 5) AS n, mask_suppress(count(c), 5) AS k, mask_suppress(sum(a), 5) AS no FROM raw.t GROUP BY b

-- method call
SELECT b.upper().trim() AS x FROM raw.t
