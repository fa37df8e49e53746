-- Whether the left join found somebody.
-- refused by: release_indirect, release_ceiling
SELECT o.name, p.village IS NOT NULL AS patient
FROM raw.city__official AS o LEFT JOIN raw.health__patient AS p ON p.name = o.name
