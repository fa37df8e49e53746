-- The place of a secret in a list of constants.
-- refused by: release_ceiling
SELECT village, list_position(['B24', 'F20', 'I10', 'J11'], diagnosis) AS x FROM raw.health__patient
