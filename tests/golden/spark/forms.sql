-- joins by name
SELECT id, label, x FROM raw.t LEFT JOIN base.u USING (id)
=>
SELECT coalesce(`t`.`id`, `u`.`id`) AS `id`, `u`.`label` AS `label`, `t`.`x` AS `x` FROM `raw__t` AS `t` LEFT JOIN `base__u` AS `u` ON (`t`.`id` = `u`.`id`)

-- group by all
SELECT x, n + 1 AS k, count(*) AS c FROM raw.t GROUP BY ALL
=>
SELECT `t`.`x` AS `x`, CAST((`t`.`n` + 1) AS INT) AS `k`, count(*) AS `c` FROM `raw__t` AS `t` GROUP BY `t`.`x`, 2

-- order without a limit decides nothing
SELECT id FROM raw.t ORDER BY id
=>
SELECT `t`.`id` AS `id` FROM `raw__t` AS `t`

-- order with a limit
SELECT id FROM raw.t ORDER BY x DESC, id LIMIT 3
=>
SELECT `t`.`id` AS `id` FROM `raw__t` AS `t` ORDER BY `t`.`x` DESC NULLS LAST, `id` ASC NULLS LAST LIMIT 3

-- rows of a list
SELECT t.id, u.v FROM raw.t AS t, unnest(t.l) AS u(v)
=>
SELECT `t`.`id` AS `id`, `u`.`v` AS `v` FROM `raw__t` AS `t` CROSS JOIN LATERAL explode(`t`.`l`) AS `u`(`v`)

-- a series of days
SELECT CAST(s.v AS DATE) AS day FROM generate_series(DATE '2026-01-01', DATE '2026-01-31', INTERVAL 1 DAY) AS s(v)
=>
SELECT CAST(`s`.`v` AS DATE) AS `day` FROM (SELECT explode(CASE WHEN CAST(DATE '2026-01-01' AS TIMESTAMP_NTZ) <= CAST(DATE '2026-01-31' AS TIMESTAMP_NTZ) THEN sequence(CAST(DATE '2026-01-01' AS TIMESTAMP_NTZ), CAST(DATE '2026-01-31' AS TIMESTAMP_NTZ), INTERVAL '1' DAY) ELSE CAST(array() AS ARRAY<TIMESTAMP_NTZ>) END) AS `v`) AS `s`

-- a mask
SELECT mask_round(d / n, 100) AS r, mask_date(day, 'year') AS y FROM raw.t
=>
SELECT mask_round(coalesce(try_divide(`t`.`d`, CAST(`t`.`n` AS DOUBLE)), CASE WHEN CAST(`t`.`n` AS DOUBLE) = 0D THEN `t`.`d` * CAST('Infinity' AS DOUBLE) END), CAST(100 AS DOUBLE)) AS `r`, mask_date(`t`.`day`, 'year') AS `y` FROM `raw__t` AS `t`

-- named subqueries
WITH a(k) AS (SELECT id FROM raw.t WHERE p) SELECT k FROM a WHERE k NOT IN (SELECT id FROM base.u)
=>
WITH `a` AS (SELECT `t`.`id` AS `k` FROM `raw__t` AS `t` WHERE `t`.`p`) SELECT `a`.`k` AS `k` FROM `a` AS `a` WHERE (NOT (`a`.`k` IN (SELECT `u`.`id` AS `id` FROM `base__u` AS `u`)))

-- a window with a frame
SELECT id, sum(n) OVER (PARTITION BY x ORDER BY day ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS s FROM raw.t
=>
SELECT `t`.`id` AS `id`, sum(CAST(`t`.`n` AS DECIMAL(38,0))) OVER (PARTITION BY `t`.`x` ORDER BY `t`.`day` ASC NULLS LAST ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS `s` FROM `raw__t` AS `t`

-- stars
SELECT * EXCLUDE (l, p) REPLACE (n * 2 AS n) RENAME (d AS double) FROM raw.t
=>
SELECT `t`.`id` AS `id`, `t`.`x` AS `x`, `t`.`y` AS `y`, CAST((`t`.`n` * 2) AS INT) AS `n`, `t`.`d` AS `double`, `t`.`m` AS `m`, `t`.`day` AS `day`, `t`.`at` AS `at` FROM `raw__t` AS `t`
