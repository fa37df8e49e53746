-- count(column) counts where the column is not NULL.
-- refused by: release_ceiling, release_indirect
SELECT village, count(notes) AS n FROM raw.health__patient GROUP BY village
