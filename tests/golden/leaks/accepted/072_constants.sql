-- Constants and NULL.
SELECT village, 'city' AS source, CAST(NULL AS VARCHAR) AS remark, 1 AS version FROM raw.city__village
