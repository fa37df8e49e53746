-- Two columns exchange their names on the way.
-- refused by: release_ceiling
-- model base.step
SELECT phone AS village, village AS phone FROM raw.health__patient
-- model open.answer
SELECT village FROM base.step
