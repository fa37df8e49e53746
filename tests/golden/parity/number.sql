-- Numbers: NULL, zero, negatives, the ends of the types, halves, decimals, no numbers.
-- addition
SELECT id, i + 1 AS a, j + k AS b, i - m AS c, k * d AS d, m + d AS e, -j AS f FROM raw.number
-- products of decimals
SELECT id, k * k AS a, k * 2 AS b, m - k AS c, k * 1.5 AS d FROM raw.number
-- division is of DOUBLEs
SELECT id, j / 2 AS a, j / i AS b, m / k AS c, d / 0 AS d, 1 / d AS e, 100.0 * j / 3 AS f FROM raw.number
-- integer division and remainder
SELECT id, j // 7 AS a, j % 7 AS b, -j // 2 AS c, mod(j, 3) AS d FROM raw.number
-- comparing numbers of different types
SELECT id, i = j AS a, m > k AS b, d >= i AS c, k <> 1 AS d, d < 0.5 AS e, i BETWEEN -1 AND 2.5 AS f FROM raw.number
-- whole numbers of a DOUBLE
SELECT id, floor(d) AS a, ceil(d) AS b, round(d) AS c, ceiling(d) AS e FROM raw.number
-- whole numbers of a DECIMAL
SELECT id, floor(m) AS a, ceil(m) AS b, round(m) AS c, round(i) AS d FROM raw.number
-- rounding a DOUBLE to places
SELECT id, round(d, 2) AS a, round(d, 1) AS b, round(d * 1000, 1) AS c FROM raw.number
-- rounding a DECIMAL to places
SELECT id, round(m, 2) AS a, round(k, 1) AS b, round(m, 3) AS c FROM raw.number
-- sign and size
SELECT id, abs(j) AS a, abs(d) AS b, abs(m) AS c, sign(j) AS d, sign(d) AS e FROM raw.number
-- roots and logarithms
SELECT id, sqrt(d) AS a, ln(d) AS b, exp(d / 100) AS c, power(d, 2) AS d, pow(j, 0.5) AS e FROM raw.number WHERE abs(d) < 1e10 OR d IS NULL
-- angles
SELECT id, sin(d) AS a, cos(d) AS b, radians(d) AS c FROM raw.number WHERE abs(d) < 1000
-- greatest and least
SELECT id, greatest(i, j) AS a, least(i, NULL, 3) AS b, greatest(d, 0.5) AS c, least(k, m) AS e FROM raw.number
-- choosing
SELECT id, coalesce(i, j, 0) AS a, nullif(j, 0) AS b, ifnull(k, 0) AS c, CASE WHEN i > 0 THEN 'plus' WHEN i < 0 THEN 'minus' END AS d, if(j > 1, j, i) AS e, CASE i WHEN 1 THEN 'one' WHEN 0 THEN 'none' ELSE 'many' END AS f FROM raw.number
-- conditions
SELECT id, i IS NULL AS a, i IS NOT NULL AS b, i > 0 AND j > 0 AS c, i > 0 OR j > 0 AS d, NOT (i > 0) AS e, i IN (0, 1, NULL) AS f, i NOT IN (0, 1) AS g, i IS DISTINCT FROM j AS h, i IS NOT DISTINCT FROM j AS k, (i > 0) IS TRUE AS l FROM raw.number
