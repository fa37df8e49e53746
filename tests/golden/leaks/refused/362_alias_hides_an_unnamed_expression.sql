-- An alias does not hide the unnamed column of the subquery that is called just so.
-- refused by: release_ceiling
SELECT z FROM (SELECT v AS "max(age)", "max(age)" AS z FROM (SELECT max(age), village AS v FROM raw.health__patient GROUP BY village))
