-- Two columns flow, one is justified.
-- refused by: release_indirect
-- justification: raw.health__patient.hiv
SELECT village, count(*) AS n FROM raw.health__patient WHERE hiv AND cost > 500 GROUP BY village
