-- Aggregates: groups with NULLs, of NULLs alone, and no rows at all.
-- counts
SELECT g, count(*) AS a, count(i) AS b, count(DISTINCT i) AS c FROM raw.grouped GROUP BY g
-- sums
SELECT g, sum(i) AS a, sum(j) AS b, sum(m) AS c, sum(d) AS e, sum(DISTINCT i) AS f FROM raw.grouped GROUP BY g
-- means
SELECT g, avg(i) AS a, avg(j) AS b, avg(m) AS c, avg(d) AS e FROM raw.grouped GROUP BY g
-- extremes
SELECT g, min(i) AS a, max(d) AS b, min(m) AS c, max(x) AS e, min(x) AS f FROM raw.grouped GROUP BY g
-- of no rows
SELECT count(*) AS a, sum(i) AS b, avg(i) AS c, max(x) AS d, list(x ORDER BY i) AS e, string_agg(x, ',' ORDER BY i) AS f FROM raw.grouped WHERE g = 'nowhere'
-- filter
SELECT g, count(*) FILTER (WHERE i > 1) AS a, sum(i) FILTER (WHERE i > 1) AS b, avg(d) FILTER (WHERE x = 'a') AS c, max(x) FILTER (WHERE FALSE) AS e FROM raw.grouped GROUP BY g
-- medians and quantiles
SELECT g, median(d) AS a, quantile_cont(d, 0.25) AS b, median(i) AS c FROM raw.grouped GROUP BY g
-- spread
SELECT g, stddev_samp(d) AS a, var_samp(d) AS b, stddev_pop(d) AS c, var_pop(d) AS e, stddev(d) AS f FROM raw.grouped GROUP BY g
-- lists keep NULLs and their order
SELECT g, list(i ORDER BY n) AS a, list(x ORDER BY n DESC) AS b, array_agg(x ORDER BY i DESC, n) AS c FROM raw.grouped GROUP BY g
-- joined text passes over NULLs
SELECT g, string_agg(x, '; ' ORDER BY n) AS a, string_agg(x, '' ORDER BY x DESC, n) AS b FROM raw.grouped GROUP BY g
-- first and last in an order
SELECT g, first(x ORDER BY n) AS a, last(x ORDER BY n) AS b, first(i ORDER BY n DESC) AS c FROM raw.grouped GROUP BY g
-- the value of the largest
SELECT g, arg_max(x, n) AS a, arg_min(i, n) AS b, max_by(x, n) AS c, min_by(x, n) AS e FROM raw.grouped GROUP BY g
-- truth
SELECT g, bool_and(i > 0) AS a, bool_or(i > 2) AS b FROM raw.grouped GROUP BY g
-- having, and names of the result
SELECT g AS h, count(*) AS n FROM raw.grouped GROUP BY h HAVING n > 1
-- keys of every form
SELECT coalesce(g, '-') AS k, i % 2 AS r, count(*) AS n FROM raw.grouped GROUP BY ALL
-- keys by place
SELECT upper(g) AS k, sum(i) AS s FROM raw.grouped GROUP BY 1
-- rollup
SELECT g, x, count(*) AS n, sum(i) AS s FROM raw.grouped GROUP BY ROLLUP (g, x)
-- cube
SELECT g, x, count(*) AS n FROM raw.grouped GROUP BY CUBE (g, x)
-- distinct
SELECT DISTINCT g, x FROM raw.grouped
-- the first row of each
SELECT DISTINCT ON (g) g, n, x FROM raw.grouped ORDER BY g, n
