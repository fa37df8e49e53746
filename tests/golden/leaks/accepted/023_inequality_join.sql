-- A public rank by counting.
SELECT a.village, count(*) AS place FROM raw.city__village AS a
JOIN raw.city__village AS b ON b.population >= a.population GROUP BY a.village
