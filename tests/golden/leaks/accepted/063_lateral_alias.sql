-- An alias used by its neighbour.
SELECT village, population / area AS density, round(density) AS rounded FROM raw.city__village
