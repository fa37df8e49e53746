-- The month of birth, out of a public list of months; nothing is said of who can be told by it.
-- refused by: release_quasi, release_undeclared
-- release: {channel: open, kind: records}
SELECT p.village, p.sex, d.day FROM raw.health__patient p JOIN (SELECT unnest(generate_series(DATE '1950-01-01', DATE '2000-01-01', INTERVAL 1 MONTH)) AS day) d ON d.day = mask_date(p.birth_date, 'month')
