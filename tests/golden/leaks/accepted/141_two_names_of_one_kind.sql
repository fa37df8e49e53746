-- Names of two registers, masked as names.
-- release: {channel: extract, kind: records, quasi_identifiers: [who]}
-- model fusion.answer
SELECT mask_name(x) AS who FROM (SELECT owner AS x FROM raw.tax__firm UNION ALL SELECT name FROM raw.health__patient) AS u
