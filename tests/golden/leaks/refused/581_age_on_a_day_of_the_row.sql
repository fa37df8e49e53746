-- The years until the visit, whose day is another one for each.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [a]}
SELECT mask_age(date_diff('year', birth_date, visit_date), 10) AS a FROM raw.health__patient
