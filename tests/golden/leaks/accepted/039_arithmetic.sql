-- People per square kilometre.
SELECT village, round(population / nullif(area, 0), 1) AS density FROM raw.city__village
