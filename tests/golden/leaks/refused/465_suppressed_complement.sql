-- All and those without the diagnosis: the difference is the suppressed rest.
-- refused by: release_ceiling
-- release: {kind: statistics, count: n}
SELECT village, count(*) AS n, mask_suppress(count(nullif(diagnosis = 'B24', true)), 3) AS healthy FROM raw.health__patient GROUP BY ALL
