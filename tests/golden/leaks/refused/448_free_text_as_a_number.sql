-- Text that was masked, as numbers, rounded.
-- refused by: release_ceiling
-- model base.a
SELECT village, ascii(mask_text(diagnosis)) * 10 AS c FROM raw.health__patient
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
-- model open.answer
SELECT village, mask_round(c, 10) AS a FROM base.a
