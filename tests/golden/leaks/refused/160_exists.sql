-- A filter by EXISTS.
-- refused by: release_indirect
SELECT o.name FROM raw.city__official AS o
WHERE EXISTS (SELECT 1 FROM raw.health__patient AS p WHERE p.name = o.name)
