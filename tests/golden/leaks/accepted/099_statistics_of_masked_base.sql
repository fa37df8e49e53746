-- A base table of age bands, counted by band.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.age
-- model base.step
SELECT village, mask_age(age, 10) AS band FROM raw.health__patient
-- model open.answer
SELECT band, count(*) AS n FROM base.step GROUP BY band
