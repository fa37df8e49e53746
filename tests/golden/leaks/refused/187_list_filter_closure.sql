-- A list is filtered by the row's secret.
-- refused by: release_ceiling, release_indirect, lineage_unresolved
SELECT village, len(list_filter([1], lambda x: hiv)) AS n FROM raw.health__patient
