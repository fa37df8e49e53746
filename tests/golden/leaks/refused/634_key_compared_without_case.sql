-- Four spellings of one key: under a collation each patient finds all of them.
-- refused by: release_count
-- field base.k.k: primaryKey: true
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
-- model base.k
SELECT * FROM (VALUES ('NORTH'), ('north'), ('North'), ('nORTH')) AS t(k)
-- model open.answer
SELECT p.village, count(*) AS n FROM raw.health__patient p JOIN base.k AS d ON d.k = p.village COLLATE NOCASE WHERE p.hiv GROUP BY p.village
