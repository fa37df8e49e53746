-- Windows.
-- numbers and ranks
SELECT n, row_number() OVER (PARTITION BY g ORDER BY n) AS a, rank() OVER (ORDER BY i) AS b, dense_rank() OVER (ORDER BY i DESC) AS c, ntile(3) OVER (ORDER BY n) AS e FROM raw.grouped
-- shares
SELECT n, percent_rank() OVER (ORDER BY i) AS a, cume_dist() OVER (ORDER BY i) AS b FROM raw.grouped
-- neighbours
SELECT n, lag(i) OVER (PARTITION BY g ORDER BY n) AS a, lead(x) OVER (ORDER BY n) AS b, lag(i, 2, 0) OVER (ORDER BY n) AS c FROM raw.grouped
-- ends
SELECT n, first_value(x) OVER (PARTITION BY g ORDER BY n) AS a, last_value(i IGNORE NULLS) OVER (PARTITION BY g ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS b FROM raw.grouped
-- running sums
SELECT n, sum(i) OVER (PARTITION BY g ORDER BY n) AS a, avg(m) OVER (PARTITION BY g) AS b, count(*) OVER (ORDER BY g NULLS FIRST) AS c, max(i) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS e FROM raw.grouped
-- a window over groups
SELECT g, count(*) AS k, sum(count(*)) OVER () AS a, rank() OVER (ORDER BY count(*) DESC) AS b FROM raw.grouped GROUP BY g
-- a named window
SELECT n, sum(i) OVER w AS a, row_number() OVER w AS b FROM raw.grouped WINDOW w AS (PARTITION BY g ORDER BY n)
-- qualify
SELECT n, g, x FROM raw.grouped QUALIFY row_number() OVER (PARTITION BY g ORDER BY n DESC) = 1
-- qualify with a star: no column is added
SELECT * FROM raw.grouped QUALIFY rank() OVER (ORDER BY i) <= 2
