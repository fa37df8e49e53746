-- The same by name, columns in another order.
SELECT village, district FROM raw.city__village
UNION BY NAME
SELECT 'none' AS district, village FROM raw.health__patient
