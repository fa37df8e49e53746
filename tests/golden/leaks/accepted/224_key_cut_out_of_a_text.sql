-- The key is the beginning of a text.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
SELECT v.district, count(*) AS n FROM raw.health__patient p JOIN raw.city__village v ON v.village = left(p.village, 5) WHERE p.hiv GROUP BY v.district
