-- A tuple compared with a subquery.
-- refused by: release_indirect, release_ceiling
SELECT o.office FROM raw.city__official AS o
WHERE (o.name, 'f') IN (SELECT p.name, p.sex FROM raw.health__patient AS p)
