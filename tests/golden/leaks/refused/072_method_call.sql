-- A function written as a method of the column.
-- refused by: release_ceiling, lineage_unresolved
SELECT village, phone.upper().left(7) AS serial FROM raw.health__patient
