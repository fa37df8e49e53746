-- A CTE has the bare name of a sensitive table and public content.
WITH health__patient AS (SELECT village AS phone FROM raw.city__village)
SELECT phone FROM health__patient
