-- A count less the one before, in the SELECT that counts.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
SELECT village, count(*) AS n, count(*) - lag(count(*)) OVER (ORDER BY village) AS d FROM raw.health__patient WHERE hiv GROUP BY village
