-- Villages look up counts of rows that a list in base has repeated.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
-- model base.p
SELECT village, u, hiv FROM raw.health__patient, unnest([1,2,3]) AS t(u)
-- model open.answer
SELECT v.village, c.n FROM raw.city__village v JOIN (SELECT village, count(*) AS n FROM base.p WHERE hiv GROUP BY village) c ON c.village = v.village
