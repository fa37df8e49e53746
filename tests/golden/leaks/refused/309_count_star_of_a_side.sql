-- Counting the matches of an outer join.
-- refused by: release_indirect, release_ceiling, lineage_unresolved
SELECT v.village, count(p.patient_id) AS n FROM raw.city__village AS v
LEFT JOIN (SELECT village, patient_id FROM raw.health__patient WHERE hiv) AS p ON p.village = v.village GROUP BY v.village
