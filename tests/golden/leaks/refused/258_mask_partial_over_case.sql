-- A mask over one of several columns.
-- refused by: release_ceiling, release_indirect
-- release: {channel: extract, kind: records, sensitive: [a]}
-- model fusion.answer
SELECT village, mask_phone(CASE WHEN hiv THEN '13900000000' ELSE phone END) AS a FROM raw.health__patient
