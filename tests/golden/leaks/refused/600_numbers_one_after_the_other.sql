-- Ages one after the other are one large number: rounding takes the last digit only.
-- refused by: release_ceiling
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, mask_round(CAST(string_agg(CAST(age AS VARCHAR), '') AS DOUBLE), 10) AS t FROM raw.health__patient GROUP BY village
