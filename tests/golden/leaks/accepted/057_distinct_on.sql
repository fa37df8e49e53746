-- One school for each village.
SELECT DISTINCT ON (village) village, school FROM raw.city__school ORDER BY village, pupils DESC
