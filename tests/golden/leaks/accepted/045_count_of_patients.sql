-- How many visits a village had; no column of the patients is touched but the village.
SELECT village, count(*) AS n FROM raw.health__patient GROUP BY village
