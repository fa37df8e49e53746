-- An unnamed column of the subquery is called just so.
-- refused by: release_ceiling, lineage_unresolved
SELECT "max(age)" AS z FROM (SELECT max(age), village AS v FROM raw.health__patient GROUP BY village)
