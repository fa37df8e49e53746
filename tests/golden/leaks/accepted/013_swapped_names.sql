-- Names change places; the released one is the public value.
-- model base.step
SELECT phone AS village, village AS phone FROM raw.health__patient
-- model open.answer
SELECT phone AS village FROM base.step
