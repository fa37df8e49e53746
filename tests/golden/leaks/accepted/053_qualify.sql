-- The newest school of each village.
SELECT village, school FROM raw.city__school
QUALIFY row_number() OVER (PARTITION BY village ORDER BY opened DESC) = 1
