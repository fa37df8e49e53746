-- Text: NULL, empty, blanks of all sorts, letters with and without accents, letters outside the first plane.
-- length
SELECT id, length(x) AS a, len(x) AS b FROM raw.text
-- upper and lower
SELECT id, upper(x) AS a, lower(x) AS b, upper(lower(x)) AS c FROM raw.text
-- trim
SELECT id, trim(x) AS a, ltrim(x) AS b, rtrim(x) AS c, trim(x, 'ab ') AS d FROM raw.text
-- replace
SELECT id, replace(x, 'a', y) AS a, replace(x, '\', '/') AS b, replace(x, '台', '臺') AS c FROM raw.text
-- translate
SELECT id, translate(x, 'abé台', 'xy') AS a, translate(x, '台塩', '臺鹽') AS b FROM raw.text
-- substring with written places
SELECT id, substr(x, 1, 2) AS a, substring(x, 2) AS b, substring(x, 3, 0) AS c FROM raw.text
-- substring with computed places
SELECT id, substring(x, strpos(x, 'b') + 1) AS a, substring(x, strpos(x, 'b'), length(x)) AS b,
  substring(x, CAST(length(x) AS BIGINT) - 1) AS c FROM raw.text
-- left and right
SELECT id, left(x, 2) AS a, right(x, 3) AS b, left(x, 0) AS c FROM raw.text
-- lpad and rpad
SELECT id, lpad(x, 4, '0') AS a, rpad(x, 3, 'xy') AS b FROM raw.text
-- strpos
SELECT id, strpos(x, 'b') AS a, strpos(x, y) AS b, instr(x, '') AS c FROM raw.text
-- concat passes over NULL, || does not
SELECT id, concat(x, y, 'z') AS a, x || y AS b, concat_ws('-', x, y) AS c FROM raw.text
-- numbers and days beside text
SELECT id, 'n' || i AS a, concat(j, '|', m) AS b, 'x' || k AS c FROM raw.number
-- like
SELECT id, x LIKE 'a%' AS a, x LIKE '%\%%' AS b, x LIKE '_b' AS c, x NOT LIKE '%台%' AS d, x LIKE '%' || y || '%' AS e FROM raw.text
-- starts and contains
SELECT id, starts_with(x, 'a') AS a, contains(x, 'b') AS b, ends_with(x, y) AS c FROM raw.text
-- digests
SELECT id, md5(x) AS a, sha256(x) AS b FROM raw.text
-- split
SELECT id, string_split(x, ';') AS a, str_split(x, '.') AS b, split_part(x, ';', 1) AS c, split_part(x, ';', 2) AS d FROM raw.text
-- comparing text
SELECT a.id, b.id AS other, a.x < b.x AS lt, a.x = b.x AS eq, a.x <> b.x AS ne, a.x >= b.x AS ge FROM raw.text AS a CROSS JOIN raw.text AS b
-- min and max of text
SELECT y, min(x) AS a, max(x) AS b FROM raw.text GROUP BY y
