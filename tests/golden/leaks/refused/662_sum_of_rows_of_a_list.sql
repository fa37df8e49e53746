-- Each cost three times, by a list in the SELECT.
-- refused by: release_ceiling
-- release: {kind: records, quasi_identifiers: [village], sensitive: [s]}
-- justification: raw.health__patient.cost
SELECT village, mask_round(sum(cost), 100) AS s FROM (SELECT village, cost, unnest([1,2,3]) AS u FROM raw.health__patient) GROUP BY village
