-- The next visit after a public day.
-- refused by: release_indirect, release_ceiling
SELECT d.day, p.village FROM raw.city__day AS d ASOF JOIN raw.health__patient AS p ON d.day >= p.visit_date
