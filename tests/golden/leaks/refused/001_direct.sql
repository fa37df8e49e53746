-- The plainest leak: the column itself.
-- refused by: release_ceiling
SELECT village, phone FROM raw.health__patient
