-- One public word, shown when somebody is a patient.
-- refused by: release_indirect
SELECT 'yes' AS answer FROM raw.health__patient WHERE name = 'Lin Alpha' HAVING count(*) > 0
