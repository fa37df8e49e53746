-- A share of all visits, by public columns alone.
SELECT village, sex, count(*) AS n, count(*) / sum(count(*)) OVER (PARTITION BY village) AS share
FROM raw.health__patient GROUP BY village, sex
