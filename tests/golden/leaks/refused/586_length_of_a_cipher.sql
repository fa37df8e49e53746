-- SM4 keeps the length: (length - 32) / 2 is the cost.
-- refused by: mask_constant, release_ceiling
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT village, length(mask_sm4(repeat('x', CAST(cost AS INTEGER)), 'joined', 'insurer')) AS t FROM raw.health__patient
