-- A row number makes every row distinct.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT DISTINCT p.village, p.patient_id, row_number() OVER () AS r FROM raw.health__patient p, range(3) AS t(u) WHERE p.hiv) GROUP BY village
