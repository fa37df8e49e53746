-- The order of fees decides which villages are shown.
-- justification: raw.health__patient.cost
SELECT village FROM raw.health__patient GROUP BY village HAVING max(cost) > 3000
