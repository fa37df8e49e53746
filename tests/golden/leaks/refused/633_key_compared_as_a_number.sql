-- Four spellings of one key: compared with a number, a text that is a key is found four times.
-- refused by: release_count
-- field base.k.k: primaryKey: true
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
-- model base.k
SELECT * FROM (VALUES ('1'), ('01'), ('001'), ('0001')) AS t(k)
-- model open.answer
SELECT p.village, count(*) AS n FROM raw.health__patient p JOIN base.k AS d ON d.k = 1 WHERE p.hiv GROUP BY p.village
