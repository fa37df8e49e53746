-- A class of fee, with a justification.
-- justification: raw.health__patient.cost
SELECT village, CASE WHEN cost > 1000 THEN 'high' ELSE 'low' END AS fee_class FROM raw.health__patient
