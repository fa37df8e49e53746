-- Sorting a list of rows.
-- refused by: release_ceiling, lineage_unresolved
SELECT list_sort(list({'c': cost, 'v': village}))[1].v AS x FROM raw.health__patient
