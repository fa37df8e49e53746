-- What the reader may read (L2) is masked like what he may not.
-- refused by: release_lookup
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, mask_pseudonym(p.name, 'study', 'university') AS person, f.name, mask_pseudonym(f.name, 'study', 'university') AS firm FROM raw.health__patient p, raw.tax__firm f
