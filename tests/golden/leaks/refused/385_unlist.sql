-- unlist is another name of unnest.
-- refused by: release_indirect
SELECT village FROM (SELECT village, unlist(CASE WHEN hiv THEN [1] ELSE [] END) AS u FROM raw.health__patient)
