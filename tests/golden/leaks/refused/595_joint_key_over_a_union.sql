-- The same secret behind each public code and behind the diagnosis: equal tokens tell the diagnosis.
-- refused by: release_lookup
-- model base.u
SELECT i.code AS shown, i.code AS x, p.national_id AS nid FROM raw.health__patient p, raw.health__icd i UNION ALL SELECT village AS shown, diagnosis AS x, national_id AS nid FROM raw.health__patient
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT shown, mask_pseudonym(x || '-' || nid, 'linked', 'insurer') AS t FROM base.u
