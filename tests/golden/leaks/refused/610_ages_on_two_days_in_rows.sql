-- Ages on two days, one below the other, under one pseudonym.
-- refused by: masks_combine, release_ceiling
-- release: {channel: extract, kind: records, quasi_identifiers: [k, band], sensitive: [person]}
-- model fusion.answer
SELECT mask_pseudonym(p.national_id, 'study', 'university') AS person, t.k, mask_age(CASE WHEN t.k = 1 THEN date_diff('year', p.birth_date, DATE '2026-01-01') ELSE date_diff('year', p.birth_date, DATE '2021-01-01') END, 10) AS band FROM raw.health__patient p, (SELECT unnest([1, 2]) AS k) t
