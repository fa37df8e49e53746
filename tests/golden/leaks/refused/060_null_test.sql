-- Whether there is a note.
-- refused by: release_ceiling, release_indirect
SELECT village, notes IS NULL AS blank FROM raw.health__patient
