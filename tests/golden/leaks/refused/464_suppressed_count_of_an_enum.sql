-- The same through a cast.
-- refused by: release_ceiling
-- release: {kind: statistics, count: n}
SELECT village, sex, count(*) AS n, mask_suppress(count(TRY_CAST(diagnosis AS ENUM('B24'))), 3) AS k FROM raw.health__patient, unnest([1, 2, 3]) u(x) GROUP BY ALL
