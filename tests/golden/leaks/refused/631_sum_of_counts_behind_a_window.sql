-- Sums of counts of rows that a list has repeated, of which a window makes groups in appearance.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH j AS (SELECT p.village, p.sex, count(*) OVER () AS h FROM raw.health__patient p CROSS JOIN raw.city__day d WHERE p.hiv), c AS (SELECT village, sex, count(*) AS k FROM j GROUP BY village, sex) SELECT village, (sum(k))::BIGINT AS n FROM c GROUP BY village
