-- Everyday text work on public columns.
SELECT upper(left(village, 1)) || substr(village, 2) AS village, length(district) AS n,
  regexp_replace(division, '0+$', '') AS code
FROM raw.city__village
