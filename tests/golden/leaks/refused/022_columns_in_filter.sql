-- COLUMNS in WHERE: a filter on a column that the text does not name.
-- refused by: release_indirect, lineage_unresolved
SELECT village FROM raw.health__patient WHERE COLUMNS('^diag') = 'B24'
