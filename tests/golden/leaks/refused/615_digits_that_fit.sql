-- NULL tells on which side of a power of ten the income is, finer than the mask.
-- refused by: release_ceiling, release_indirect
-- release: {kind: records, quasi_identifiers: [a, b, c]}
SELECT mask_round(TRY_CAST(income AS DECIMAL(18, 12)), 1000000) AS a, mask_round(TRY_CAST(income AS DECIMAL(6, 1)), 1000000) AS b, mask_round(TRY_CAST(income AS DECIMAL(7, 1)), 1000000) AS c FROM raw.tax__firm
