-- A dictionary written into the model.
SELECT v.village, d.title FROM raw.city__village AS v
JOIN (VALUES ('upper', 'Upper City'), ('lower', 'Lower City')) AS d(code, title) ON d.code = v.district
