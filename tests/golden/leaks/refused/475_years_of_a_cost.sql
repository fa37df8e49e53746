-- A cost masked as an age: up to ninety it is shown in bands of ten.
-- refused by: release_ceiling, mask_unsuited
-- release: {kind: records, quasi_identifiers: [village], sensitive: [a]}
SELECT village, mask_age(CAST(cost AS BIGINT), 10) AS a FROM raw.health__patient
