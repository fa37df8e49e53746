-- An old-fashioned join, its condition in WHERE.
-- refused by: release_indirect, release_ceiling
SELECT o.office FROM raw.city__official AS o, raw.health__patient AS p WHERE p.name = o.name
