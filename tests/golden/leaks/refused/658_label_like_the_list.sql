-- The label of a patient's number has the name of the list's column.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
SELECT x AS village, count(*) AS n FROM (SELECT DISTINCT p.village AS x, p.patient_id AS u, u AS z FROM raw.health__patient p, range(3) AS t(u) WHERE p.hiv) GROUP BY x
