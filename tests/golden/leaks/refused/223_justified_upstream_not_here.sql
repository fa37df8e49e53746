-- The model between has the justification, the release has not.
-- refused by: release_indirect
-- justification base.step: raw.health__patient.hiv
-- model base.step
SELECT village FROM raw.health__patient WHERE hiv
-- model open.answer
SELECT village, count(*) AS n FROM base.step GROUP BY village
