-- A piece by regular expression.
-- refused by: release_ceiling
SELECT village, regexp_extract(notes, '[0-9]+') AS n FROM raw.health__patient
