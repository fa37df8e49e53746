-- The share of the city's population.
SELECT village, population / (SELECT sum(population) FROM raw.city__village) AS share FROM raw.city__village
