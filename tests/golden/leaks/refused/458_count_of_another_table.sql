-- The count is of schools, the rows are persons.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
SELECT village, mask_date(birth_date, 'month') AS b, s.n FROM raw.health__patient, (SELECT count(*) AS n FROM raw.city__school) s
