-- Twelve digits of a pseudonym as a number, rounded: a pseudonym in the open.
-- refused by: release_ceiling
-- model base.a
SELECT village, ('0x' || left(mask_pseudonym(national_id, 'study', 'university'), 12))::BIGINT * 10 AS c FROM raw.health__patient
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
-- model open.answer
SELECT village, mask_round(c, 10) AS a FROM base.a
