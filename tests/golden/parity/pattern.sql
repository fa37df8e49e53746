-- Regular expressions: RE2 and Java read classes, points, ends of text and replacements differently.
-- matches
SELECT id, regexp_matches(x, '^[0-9]+$') AS a, regexp_matches(x, '\d') AS b, regexp_matches(x, 'a.b') AS c, regexp_matches(x, 'b$') AS d, x ~ 'ab?' AS e FROM raw.text
-- classes
SELECT id, regexp_matches(x, '[[:alpha:]]') AS a, regexp_matches(x, '\s') AS b, regexp_matches(x, '\w') AS c, regexp_matches(x, '[^\s\d]') AS d, regexp_matches(x, '[\[&&]') AS e, regexp_matches(x, '\W') AS f FROM raw.text
-- full match
SELECT id, regexp_full_match(x, '[a-z]+') AS a, regexp_full_match(x, 'a|ab') AS b FROM raw.text
-- the first match alone is replaced
SELECT id, regexp_replace(x, '[a-z]', '*') AS a, regexp_replace(x, '\d', '*') AS b, regexp_replace(x, '^', '>') AS c, regexp_replace(x, '(a)(b)', '\2\1') AS d FROM raw.text
-- every match is replaced
SELECT id, regexp_replace(x, '[a-z]', '*', 'g') AS a, regexp_replace(x, '(\d)', '<\1>', 'g') AS b, regexp_replace(x, 'b', '$1\\', 'g') AS c, regexp_replace(x, '[-]?[(]?[A-Za-z0-9]+[)]?$', '', 'g') AS d FROM raw.text
-- extract
SELECT id, regexp_extract(x, '[a-z]+') AS a, regexp_extract(x, '([0-9]+)(月)?', 1) AS b, regexp_extract(x, '(a)|(b)', 2) AS c, regexp_extract(x, 'b.', 0) AS d FROM raw.text
-- letters beyond ASCII
SELECT id, regexp_matches(x, '[台臺]') AS a, regexp_replace(x, '\x{3000}', ' ', 'g') AS b, regexp_matches(x, '第2[23]條') AS c FROM raw.text
