-- The public columns of a sensitive table.
SELECT village, sex FROM raw.health__patient
