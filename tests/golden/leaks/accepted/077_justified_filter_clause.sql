-- The same as a second number beside the count of all, small numbers suppressed.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.diagnosis
SELECT village, count(*) AS n, mask_suppress(count(*) FILTER (WHERE diagnosis = 'B24'), 5) AS cases
FROM raw.health__patient GROUP BY village
