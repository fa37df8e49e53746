-- The key is the part before a slash.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
SELECT v.district, count(*) AS n FROM raw.health__patient p JOIN raw.city__village v ON v.village = split_part(p.village, '/', 1) WHERE p.hiv GROUP BY v.district
