-- Lists, lambdas and comprehensions over public values.
SELECT school, list_transform(string_split(tags, ';'), lambda x: upper(x)) AS tags,
  [x FOR x IN string_split(tags, ';') IF length(x) > 5] AS long_tags,
  list_contains(string_split(tags, ';'), 'music') AS music
FROM raw.city__school
