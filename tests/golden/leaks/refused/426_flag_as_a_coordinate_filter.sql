-- The same decides about the rows of a plain release.
-- refused by: release_indirect, mask_unsuited
SELECT village FROM raw.health__patient WHERE mask_coordinate(hiv::INTEGER, 0) = 1
