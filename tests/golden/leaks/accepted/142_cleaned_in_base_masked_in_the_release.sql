-- Base trims and casts, the release masks.
-- release: {channel: extract, kind: records, quasi_identifiers: [who, band]}
-- model base.person
SELECT trim(name) AS name, CAST(cost AS DECIMAL(18, 2)) AS cost FROM raw.health__patient
-- model fusion.answer
SELECT mask_name(name) AS who, mask_amount(cost, 1000) AS band FROM base.person
