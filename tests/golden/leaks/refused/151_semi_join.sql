-- A SEMI JOIN is a filter.
-- refused by: release_indirect
SELECT o.office FROM raw.city__official AS o SEMI JOIN raw.health__patient AS p ON p.name = o.name
