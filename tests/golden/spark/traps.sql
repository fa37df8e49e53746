-- the first match alone is replaced
SELECT regexp_replace(x, '\d', '*') AS r FROM raw.t
=>
SELECT regexp_replace(`t`.`x`, '\\A([\\s\\S]*?)(?:[0-9])', '$1*') AS `r` FROM `raw__t` AS `t`

-- every match is replaced
SELECT regexp_replace(x, '\s+$', '', 'g') AS r FROM raw.t
=>
SELECT regexp_replace(`t`.`x`, '[\\t\\n\\f\\r ]+\\z', '') AS `r` FROM `raw__t` AS `t`

-- a list keeps NULLs and its order
SELECT list(x ORDER BY id DESC) AS l FROM raw.t
=>
SELECT CASE WHEN count(named_struct('k0', `t`.`id`, 'v', `t`.`x`)) > 0 THEN transform(array_sort(collect_list(named_struct('k0', `t`.`id`, 'v', `t`.`x`)), (a, b) -> CASE WHEN a.k0 IS NULL AND b.k0 IS NOT NULL THEN 1 WHEN a.k0 IS NOT NULL AND b.k0 IS NULL THEN -1 WHEN a.k0 < b.k0 THEN 1 WHEN a.k0 > b.k0 THEN -1 ELSE 0 END), x -> x.v) END AS `l` FROM `raw__t` AS `t`

-- a decimal rounds when it becomes whole
SELECT CAST(m AS INTEGER) AS i FROM raw.t
=>
SELECT CAST(round(`t`.`m`, 0) AS INT) AS `i` FROM `raw__t` AS `t`

-- a double becomes a decimal
SELECT CAST(d AS DECIMAL(18,2)) AS m FROM raw.t
=>
SELECT transform(array(transform(array((CAST(`t`.`d` AS DOUBLE) * 1E2D)), _v1 -> CASE WHEN abs(_v1) < 4503599627370496D THEN signum(_v1) * (CAST(floor(abs(_v1)) AS DOUBLE) + CASE WHEN abs(_v1) - CAST(floor(abs(_v1)) AS DOUBLE) >= 0.5D THEN 1D ELSE 0D END) ELSE _v1 END)[0]), _v2 -> CASE WHEN _v2 IS NULL THEN CAST(NULL AS DECIMAL(18,2)) ELSE CAST(concat(CASE WHEN _v2 < 0 THEN '-' ELSE '' END, CAST(abs(CASE WHEN abs(_v2) >= 4E34D THEN CAST(raise_error('cast: too large a DOUBLE for a DECIMAL') AS DECIMAL(38,0)) ELSE (CAST(floor(abs(_v2) / 4503599627370496D) AS DECIMAL(19,0)) * 4503599627370496BD + CAST(abs(_v2) - CAST(floor(abs(_v2) / 4503599627370496D) AS DOUBLE) * 4503599627370496D AS BIGINT)) * CAST(signum(_v2) AS DECIMAL(1,0)) END) AS STRING), 'E-2') AS DECIMAL(18,2)) END)[0] AS `m` FROM `raw__t` AS `t`

-- boundaries of months
SELECT date_diff('month', day, DATE '2026-01-01') AS n FROM raw.t
=>
SELECT CAST((transform(array(DATE '2026-01-01'), _v1 -> (year(_v1) * 12 + month(_v1)))[0] - (year(`t`.`day`) * 12 + month(`t`.`day`))) AS BIGINT) AS `n` FROM `raw__t` AS `t`

-- days of the week
SELECT dayofweek(day) AS w FROM raw.t
=>
SELECT CAST((dayofweek(`t`.`day`) - 1) AS BIGINT) AS `w` FROM `raw__t` AS `t`

-- QUALIFY adds no column
SELECT * FROM base.u QUALIFY row_number() OVER (PARTITION BY label ORDER BY id) = 1
=>
SELECT `id`, `label` FROM (SELECT `u`.`id` AS `id`, `u`.`label` AS `label`, (CAST(row_number() OVER (PARTITION BY `u`.`label` ORDER BY `u`.`id` ASC NULLS LAST) AS BIGINT) = 1) AS `_kept` FROM `base__u` AS `u`) AS _q WHERE `_kept`

-- length of a list and of a text
SELECT len(l) AS a, len(x) AS b FROM raw.t
=>
SELECT CAST(array_size(`t`.`l`) AS BIGINT) AS `a`, CAST(length(`t`.`x`) AS BIGINT) AS `b` FROM `raw__t` AS `t`

-- the first in an order
SELECT first(x ORDER BY id) AS f FROM raw.t
=>
SELECT try_element_at(CASE WHEN count(named_struct('k0', `t`.`id`, 'v', `t`.`x`)) > 0 THEN transform(array_sort(collect_list(named_struct('k0', `t`.`id`, 'v', `t`.`x`)), (a, b) -> CASE WHEN a.k0 IS NULL AND b.k0 IS NOT NULL THEN 1 WHEN a.k0 IS NOT NULL AND b.k0 IS NULL THEN -1 WHEN a.k0 < b.k0 THEN -1 WHEN a.k0 > b.k0 THEN 1 ELSE 0 END), x -> x.v) END, 1) AS `f` FROM `raw__t` AS `t`

-- a quantile
SELECT quantile_cont(d, 0.9) AS q FROM raw.t
=>
SELECT percentile(`t`.`d`, 0.9D) AS `q` FROM `raw__t` AS `t`

-- division, quotient and remainder
SELECT n / 2 AS a, n // 2 AS b, n % 2 AS c, n / id AS e FROM raw.t
=>
SELECT (CAST(`t`.`n` AS DOUBLE) / CAST(2 AS DOUBLE)) AS `a`, CAST((`t`.`n` DIV 2) AS INT) AS `b`, CAST((`t`.`n` % 2) AS INT) AS `c`, coalesce(try_divide(CAST(`t`.`n` AS DOUBLE), CAST(`t`.`id` AS DOUBLE)), CASE WHEN CAST(`t`.`id` AS DOUBLE) = 0D THEN CAST(`t`.`n` AS DOUBLE) * CAST('Infinity' AS DOUBLE) END) AS `e` FROM `raw__t` AS `t`

-- text as a day
SELECT TRY_CAST(x AS DATE) AS day FROM raw.t
=>
SELECT transform(array(trim(BOTH ' \t\n\r\f\u000b' FROM `t`.`x`)), _v1 -> CASE WHEN _v1 RLIKE '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\\z' THEN try_cast(_v1 AS DATE) WHEN _v1 RLIKE '^(?:[+-]?[0-9]+[-/ \\\\][0-9]+[-/ \\\\][0-9]+.*|[+-]?(?i:epoch|infinity|inf)[\\s\\S]*)\\z' AND _v1 <> '' THEN CAST(raise_error('cast: DuckDB may read this text, Spark does not') AS DATE) ELSE CAST(NULL AS DATE) END)[0] AS `day` FROM `raw__t` AS `t`

-- concat passes over NULL
SELECT concat(x, n) AS a, x || y AS b FROM raw.t
=>
SELECT concat(coalesce(`t`.`x`, ''), coalesce(CAST(`t`.`n` AS STRING), '')) AS `a`, (`t`.`x` || `t`.`y`) AS `b` FROM `raw__t` AS `t`

-- LIKE has no escape
SELECT x LIKE '10\%' AS a, x NOT LIKE y AS b FROM raw.t
=>
SELECT (`t`.`x` LIKE '10\\\\%') AS `a`, (`t`.`x` NOT LIKE replace(`t`.`y`, '\\', '\\\\')) AS `b` FROM `raw__t` AS `t`

-- sums and means of whole numbers
SELECT sum(id) AS s, avg(n) AS a, count(*) FILTER (WHERE p) AS c FROM raw.t
=>
SELECT sum(CAST(`t`.`id` AS DECIMAL(38,0))) AS `s`, try_divide(CAST(sum(CAST(`t`.`n` AS DECIMAL(38,0))) AS DOUBLE), CAST(count(`t`.`n`) AS DOUBLE)) AS `a`, count(CASE WHEN `t`.`p` THEN 1 END) AS `c` FROM `raw__t` AS `t`
