-- `village` is an alias in the first item and the column in the second; only the second is taken.
SELECT t.v FROM (SELECT phone AS village, village AS v FROM raw.health__patient) AS t
