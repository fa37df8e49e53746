-- A CTE's column list names two columns; the public one is taken.
WITH t(contact, place) AS (SELECT phone, village FROM raw.health__patient)
SELECT place FROM t
