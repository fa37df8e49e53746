-- An ANTI JOIN too.
-- refused by: release_indirect
SELECT o.office FROM raw.city__official AS o ANTI JOIN raw.health__patient AS p ON p.name = o.name
