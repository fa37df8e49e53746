-- A public value whose name is that of a sensitive column.
SELECT village AS phone, sex AS diagnosis FROM raw.health__patient
