-- The chapter of a diagnosis, counted over the city.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.diagnosis
SELECT i.chapter, count(*) AS n FROM raw.health__patient AS p JOIN raw.health__icd AS i ON i.code = p.diagnosis
GROUP BY i.chapter
