-- A band of two years as a number, rounded: L1.
-- refused by: release_ceiling
-- differs: error
-- model base.a
SELECT village, split_part(mask_age(age, 2), '-', 1)::DOUBLE * 10 AS c FROM raw.health__patient
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
-- model open.answer
SELECT village, mask_round(c, 10) AS a FROM base.a
