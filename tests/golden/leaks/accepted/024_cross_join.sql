-- Every village on every day.
SELECT v.village, d.day, d.holiday FROM raw.city__village AS v CROSS JOIN raw.city__day AS d
