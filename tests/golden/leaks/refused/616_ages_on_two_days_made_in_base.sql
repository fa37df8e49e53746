-- Ages on two days, one below the other, made in base.
-- refused by: masks_combine, release_ceiling
-- model base.p
SELECT national_id, 1 AS k, date_diff('year', birth_date, DATE '2026-01-01') AS age FROM raw.health__patient UNION ALL SELECT national_id, 2 AS k, date_diff('year', birth_date, DATE '2021-01-01') AS age FROM raw.health__patient
-- release: {channel: extract, kind: records, quasi_identifiers: [k, band], sensitive: [person]}
-- model fusion.answer
SELECT mask_pseudonym(national_id, 'study', 'university') AS person, k, mask_age(age, 10) AS band FROM base.p
