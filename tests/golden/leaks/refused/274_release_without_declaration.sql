-- A generalised column that the release does not declare: its risk is never measured.
-- refused by: release_undeclared
SELECT village, mask_date(birth_date, 'year') AS born FROM raw.health__patient
