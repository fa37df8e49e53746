-- The same where zero stands for none.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
-- model base.p
SELECT village, u, hiv FROM raw.health__patient, unnest([1,2,3]) AS t(u)
-- model open.answer
SELECT v.village, coalesce(c.n, 0) AS n FROM raw.city__village v LEFT JOIN (SELECT village, count(*) AS n FROM base.p WHERE hiv GROUP BY village) c ON c.village = v.village
