-- What a partial mask left, as a number, rounded: L1.
-- refused by: release_ceiling
-- differs: error
-- model base.a
SELECT village, replace(mask_phone(phone), '*', '')::DOUBLE * 10 AS c FROM raw.health__patient
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
-- model open.answer
SELECT village, mask_round(c, 10) AS a FROM base.a
