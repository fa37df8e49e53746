-- Two public tables.
SELECT village AS place, 'village' AS kind FROM raw.city__village
UNION ALL
SELECT school, 'school' FROM raw.city__school
