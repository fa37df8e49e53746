-- Order and limit one model earlier.
-- refused by: release_indirect
-- model thematic.step
SELECT village FROM raw.health__patient ORDER BY cost DESC LIMIT 1
-- model open.answer
SELECT village FROM thematic.step
