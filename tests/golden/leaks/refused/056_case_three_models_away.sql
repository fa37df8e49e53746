-- The condition was applied three models earlier.
-- refused by: release_indirect
-- model base.step
SELECT village, CASE WHEN hiv THEN 1 ELSE 0 END AS f FROM raw.health__patient
-- model thematic.step
SELECT village, sum(f)::BIGINT AS f FROM base.step GROUP BY village
-- model fusion.step
SELECT v.district, max(t.f) AS f FROM thematic.step AS t JOIN raw.city__village AS v ON v.village = t.village
GROUP BY v.district
-- model open.answer
SELECT district, f FROM fusion.step
