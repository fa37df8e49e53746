-- The outer table has no column `village`, so the inner one is meant; both are public anyway.
SELECT s.school FROM raw.city__school AS s
WHERE EXISTS (SELECT 1 FROM raw.health__patient AS p WHERE p.village = s.village AND sex = 'f')
