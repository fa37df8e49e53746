-- A test of the diagnosis, counted and multiplied.
-- refused by: release_ceiling
-- release: {kind: statistics, count: n}
SELECT village, sex, count(*) AS n, mask_suppress(count(nullif(diagnosis = 'B24', false)), 3) AS k FROM raw.health__patient, unnest([1, 2, 3]) u(x) GROUP BY ALL
