-- Membership in a list of literals.
-- refused by: release_ceiling, release_indirect
SELECT village, diagnosis IN ('B24', 'F20') AS special FROM raw.health__patient
