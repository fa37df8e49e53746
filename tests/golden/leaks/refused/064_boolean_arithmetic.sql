-- A truth value as a number.
-- refused by: release_ceiling
SELECT village, hiv::INTEGER * 7 + 1 AS room FROM raw.health__patient
