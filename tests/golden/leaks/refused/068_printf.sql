-- Inside a printed text.
-- refused by: release_ceiling
SELECT printf('%s:%08.2f', village, cost) AS line FROM raw.health__patient
