-- The release's own contract calls it public.
-- refused by: level_lowered, release_ceiling
-- level open.answer.contact: L1
SELECT village, phone AS contact FROM raw.health__patient
