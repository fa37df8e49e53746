-- The justification is for another column than the one that flows.
-- refused by: release_indirect
-- justification: raw.health__patient.phone
SELECT village, count(*) AS n FROM raw.health__patient WHERE hiv GROUP BY village
