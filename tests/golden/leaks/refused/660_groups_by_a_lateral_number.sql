-- Groups by a number out of a lateral subquery.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT p.village, p.patient_id, k FROM raw.health__patient p, range(3) AS t(u), LATERAL (SELECT t.u + 1 AS k) AS l WHERE p.hiv GROUP BY ALL) GROUP BY village
