-- ORDER BY means the alias, which stands alone; the column of that name is not read.
SELECT village AS cost FROM raw.health__patient ORDER BY cost LIMIT 2
