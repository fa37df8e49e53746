-- Distinct with the entries of a list: such have no origin, and make three rows of each patient.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
SELECT village, count(*) AS n FROM (SELECT DISTINCT p.village, p.patient_id, t.u FROM raw.health__patient p, unnest([1,2,3]) AS t(u) WHERE p.hiv) GROUP BY village
