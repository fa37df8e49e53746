-- A CTE reads everything, the release two public columns of it.
WITH p AS (SELECT * FROM raw.health__patient)
SELECT village, sex FROM p
