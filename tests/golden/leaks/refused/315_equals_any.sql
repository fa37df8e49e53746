-- = ANY is IN.
-- refused by: release_indirect
SELECT village FROM raw.city__village WHERE village = ANY (SELECT village FROM raw.health__patient WHERE hiv)
