-- EXCEPT ALL takes public rows away for secret reasons.
-- refused by: release_indirect, release_ceiling
WITH sick AS (SELECT name FROM raw.health__patient WHERE sex = 'f')
SELECT t.name FROM (SELECT name FROM raw.city__official EXCEPT ALL SELECT name FROM sick) AS t
