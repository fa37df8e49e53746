-- The three largest villages.
SELECT village, population FROM raw.city__village ORDER BY population DESC, village LIMIT 3
