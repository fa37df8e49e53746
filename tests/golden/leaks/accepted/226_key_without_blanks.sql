-- The key is a text without its blanks.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id, raw.health__patient.visit_date, raw.health__patient.cost
SELECT v.district, count(*) AS n FROM raw.health__patient p JOIN raw.city__village v ON v.village = regexp_replace(p.village, '\s', '', 'g') WHERE p.hiv GROUP BY v.district
