-- An exact count of a diagnosis, ten times itself and rounded to ten.
-- refused by: release_ceiling, release_indirect
-- release: {kind: statistics, count: n}
SELECT village, sex, count(*) AS n, mask_round(count_if(diagnosis = 'B24') * 10, 10) AS a FROM raw.health__patient GROUP BY ALL
