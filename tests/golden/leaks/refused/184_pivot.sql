-- PIVOT makes columns of values.
-- refused by: release_ceiling, release_indirect, lineage_unresolved
SELECT village, hiv_yes, hiv_no FROM (SELECT village, hiv FROM raw.health__patient)
PIVOT (count(*) FOR hiv IN (true AS hiv_yes, false AS hiv_no))
