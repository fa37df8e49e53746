-- SEMI JOIN by USING.
-- refused by: release_indirect
SELECT office FROM raw.city__official SEMI JOIN raw.health__patient USING (name)
