-- A count of a secret, each row three times: one is three.
-- refused by: release_ceiling
-- release: {kind: statistics, count: n}
SELECT village, sex, count(*) AS n, mask_suppress(count(nullif(hiv, false)), 3) AS k FROM raw.health__patient CROSS JOIN (VALUES (1), (2), (3)) v(x) GROUP BY village, sex
