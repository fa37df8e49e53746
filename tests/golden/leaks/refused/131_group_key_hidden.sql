-- One row for every village and diagnosis; the second is left out.
-- refused by: release_indirect
SELECT village FROM raw.health__patient GROUP BY village, diagnosis
