-- Days and moments: month ends, leap days, the turn of years, weeks of the other year, early and late days.
-- parts
SELECT id, year(d) AS a, quarter(d) AS b, month(d) AS c, day(d) AS e, week(d) AS f, dayofyear(d) AS g FROM raw.time
-- days of the week
SELECT id, dayofweek(d) AS a, isodow(d) AS b, weekday(s) AS c FROM raw.time
-- extract
SELECT id, EXTRACT(YEAR FROM d) AS a, EXTRACT(MONTH FROM s) AS b, extract('day' FROM s) AS c, date_part('year', d) AS e FROM raw.time
-- parts of a moment
SELECT id, hour(s) AS a, minute(s) AS b, second(s) AS c, year(s) AS e FROM raw.time
-- differences count boundaries
SELECT id, date_diff('day', d, e) AS a, date_diff('month', d, e) AS b, date_diff('year', d, e) AS c, date_diff('quarter', d, e) AS f, date_diff('week', d, e) AS g FROM raw.time
-- differences of moments
SELECT id, date_diff('hour', s, u) AS a, date_diff('minute', s, u) AS b, date_diff('second', s, u) AS c, date_diff('day', s, u) AS e, datediff('month', s, u) AS f FROM raw.time
-- truncation
SELECT id, date_trunc('year', d) AS a, date_trunc('quarter', d) AS b, date_trunc('month', d) AS c, date_trunc('week', d) AS e, date_trunc('day', s) AS f, date_trunc('hour', s) AS g, date_trunc('minute', s) AS h FROM raw.time
-- days and numbers
SELECT id, d + 1 AS a, d - 31 AS b, e - d AS c FROM raw.time
-- intervals
SELECT id, d + INTERVAL 1 DAY AS a, d - INTERVAL 1 MONTH AS b, s + INTERVAL 2 HOUR AS c, d + INTERVAL 1 YEAR AS e, d + INTERVAL 3 WEEK AS f FROM raw.time
-- comparing
SELECT id, d < e AS a, d = s AS b, s > TIMESTAMP '2026-01-01' AS c, d BETWEEN DATE '2000-01-01' AND DATE '2026-12-31' AS f, d >= '2020-02-29' AS g FROM raw.time
-- extremes
SELECT min(d) AS a, max(d) AS b, min(s) AS c, max(u) AS e FROM raw.time
