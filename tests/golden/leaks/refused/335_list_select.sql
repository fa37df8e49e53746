-- Which of two public values is taken.
-- refused by: release_ceiling, release_indirect
SELECT list_select([village, sex], [1 + coalesce(hiv, false)::INTEGER]) AS x FROM raw.health__patient
