-- base carries the telephone, the release does not.
-- model base.step
SELECT village, sex, phone, cost FROM raw.health__patient
-- model open.answer
SELECT village, count(*) AS n FROM base.step GROUP BY village
