-- The key is the public column behind another alias.
SELECT village AS v, count(*) AS phone FROM raw.health__patient GROUP BY v HAVING phone > 1
