-- ELSE is a public value that is never there: the average is of one patient.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.patient_id
SELECT village, count(*) AS n, mask_round(avg(CASE WHEN patient_id = 100037 THEN cost ELSE TRY_CAST(village AS DOUBLE) END), 100) AS c FROM raw.health__patient GROUP BY village
