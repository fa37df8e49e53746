-- The release fails when the secret is true.
-- refused by: release_indirect, release_ceiling
-- differs: error
SELECT village FROM raw.health__patient WHERE CASE WHEN hiv THEN error('match') ELSE true END
