-- The sightings of a village beside what only one person of it is.
-- refused by: release_count, release_count_other
-- release: {kind: statistics, count: n}
SELECT p.village, p.sex, mask_date(p.birth_date, 'month') AS b, count(s.village) AS n FROM raw.health__patient p LEFT JOIN raw.police__sighting s ON s.village = p.village GROUP BY ALL
