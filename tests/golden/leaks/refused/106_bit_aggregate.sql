-- Bits of an aggregate.
-- refused by: release_ceiling
SELECT village, bit_and(patient_id) AS a, bit_xor(patient_id) AS b, bool_or(hiv) AS c
FROM raw.health__patient GROUP BY village
