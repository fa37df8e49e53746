-- A right join keeps all public rows and shows which had a match.
-- refused by: release_indirect, release_ceiling
SELECT o.name, p.sex FROM raw.health__patient AS p RIGHT JOIN raw.city__official AS o ON o.name = p.name
