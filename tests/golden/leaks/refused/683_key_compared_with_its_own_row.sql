-- A key is compared with a field of a struct of its own row: always equal.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.patient_id
WITH d AS (SELECT village AS k, district, struct_pack(f := village) AS s FROM raw.city__village)
SELECT p.village, count(*) AS n FROM raw.health__patient p JOIN d ON d.k = CAST(d.s.f AS VARCHAR) WHERE p.hiv GROUP BY p.village
