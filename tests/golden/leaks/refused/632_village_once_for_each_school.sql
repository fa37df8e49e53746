-- A school's village found by its key gives no village once: joined by it again, patients are counted for every school.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH v AS (SELECT v.village, v.district FROM raw.city__village v JOIN raw.city__school s ON s.village = v.village)
SELECT v.village, count(*) AS n FROM raw.health__patient p JOIN v ON v.village = p.village WHERE p.hiv GROUP BY v.village
