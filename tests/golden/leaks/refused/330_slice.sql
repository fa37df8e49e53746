-- Slices and subscripts of a text.
-- refused by: release_ceiling
SELECT village, phone[4:7] AS a, phone[8] AS b FROM raw.health__patient
