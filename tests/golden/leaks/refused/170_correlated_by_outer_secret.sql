-- The subquery is public, what it is correlated with is not.
-- refused by: release_indirect, release_ceiling
SELECT p.village, (SELECT i.chapter FROM raw.health__icd AS i WHERE i.code = p.diagnosis) AS chapter
FROM raw.health__patient AS p
