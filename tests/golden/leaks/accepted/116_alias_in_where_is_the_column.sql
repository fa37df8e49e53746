-- WHERE takes the public column, not the alias of the secret in the subquery.
SELECT t.sex FROM (SELECT cost AS village, sex FROM raw.health__patient WHERE village = 'north') AS t
