-- NULL where the division is below the written one, although only the city is shown.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village, sex, code]}
SELECT village, sex, mask_division(max(v), 'city') AS code FROM (SELECT village, sex, home_division AS v FROM raw.health__patient UNION ALL SELECT DISTINCT village, sex, '1101050020x' AS v FROM raw.health__patient) GROUP BY ALL
