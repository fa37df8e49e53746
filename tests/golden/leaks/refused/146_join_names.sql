-- A join of public officials with patients by name.
-- refused by: release_indirect, release_ceiling
SELECT o.office FROM raw.city__official AS o JOIN raw.health__patient AS p ON p.name = o.name
