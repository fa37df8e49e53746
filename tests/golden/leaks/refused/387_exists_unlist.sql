-- Whether a list has an element decides whether there is a row.
-- refused by: release_indirect
SELECT village FROM raw.health__patient p WHERE EXISTS (SELECT unlist(CASE WHEN p.hiv THEN [1] ELSE [] END))
