-- The number of rows of a subquery is the age.
-- refused by: release_indirect, release_ceiling
SELECT v.village, (SELECT count(*) FROM (SELECT unlist(range(p.age)) AS u)) AS k FROM raw.health__patient v JOIN raw.health__patient p USING (village)
