-- `name` is the patient's, though the outer table has one as well.
-- refused by: release_indirect
SELECT o.office FROM raw.city__official AS o
WHERE EXISTS (SELECT 1 FROM raw.health__patient AS p WHERE name = o.name)
