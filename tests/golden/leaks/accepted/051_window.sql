-- Rank and share within a district.
SELECT village, rank() OVER (PARTITION BY district ORDER BY population DESC) AS place,
  population / sum(population) OVER (PARTITION BY district) AS share
FROM raw.city__village
