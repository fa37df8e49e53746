-- A struct of public values beside a secret; only the struct's field is taken out.
SELECT t.s.place AS village FROM (
  SELECT {'place': village, 'contact': 'none'} AS s, phone FROM raw.health__patient
) AS t
