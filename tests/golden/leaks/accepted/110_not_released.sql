-- base, thematic and fusion are inside the bureau: nothing has to be masked there.
-- model base.step
SELECT patient_id, name, phone, diagnosis, cost FROM raw.health__patient WHERE hiv
-- model fusion.answer
SELECT name, CAST(sum(cost) AS DOUBLE) AS cost FROM base.step GROUP BY name
