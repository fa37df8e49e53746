-- The lambda's parameter is called phone; it is a village.
SELECT list_transform([village], lambda phone: upper(phone)) AS x FROM raw.health__patient
