-- IN as a column.
-- refused by: release_indirect, release_ceiling
SELECT name, name NOT IN (SELECT p.name FROM raw.health__patient AS p) AS healthy FROM raw.city__official
