-- Quotes and capitals.
SELECT "Village" AS village, "SEX" AS sex FROM raw.health__patient
