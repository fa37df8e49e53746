-- A struct of public fields, one taken out again; the other fields stay out of the release.
SELECT s.a AS village, s.b AS district
FROM (SELECT {'a': village, 'b': district} AS s FROM raw.city__village) AS t
