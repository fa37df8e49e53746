-- A lambda in a lambda.
-- refused by: release_ceiling, lineage_unresolved
SELECT list_transform([village], lambda x: list_transform([sex], lambda y: x || y || notes)[1]) AS x
FROM raw.health__patient
