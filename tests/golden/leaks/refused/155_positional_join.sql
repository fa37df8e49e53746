-- Two tables side by side, one of them in a secret order.
-- refused by: release_indirect, lineage_unresolved
SELECT s.village FROM raw.city__school AS a
POSITIONAL JOIN (SELECT village FROM raw.health__patient ORDER BY cost LIMIT 5) AS s
