-- How many schools a village has.
SELECT v.village, (SELECT count(*) FROM raw.city__school AS s WHERE s.village = v.village) AS schools
FROM raw.city__village AS v
