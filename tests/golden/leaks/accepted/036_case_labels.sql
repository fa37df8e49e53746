-- Codes spelled out.
SELECT village, CASE sex WHEN 'f' THEN 'female' WHEN 'm' THEN 'male' END AS sex FROM raw.health__patient
