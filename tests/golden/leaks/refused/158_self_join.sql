-- Who shares a telephone.
-- refused by: release_indirect
SELECT a.village, b.village AS other FROM raw.health__patient AS a
JOIN raw.health__patient AS b ON a.phone = b.phone AND a.village < b.village
