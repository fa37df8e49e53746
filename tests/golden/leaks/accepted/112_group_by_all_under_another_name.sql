-- GROUP BY ALL groups by the public value, whatever it is called.
SELECT upper(village) AS diagnosis, count(*) AS n FROM raw.health__patient GROUP BY ALL
