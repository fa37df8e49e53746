-- Public columns under other names.
SELECT village AS place, sex AS gender FROM raw.health__patient
