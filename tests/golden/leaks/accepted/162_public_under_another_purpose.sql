-- A public code masked for another purpose beside a pseudonym.
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, mask_pseudonym(p.national_id, 'study', 'university') AS person, mask_pseudonym(v.division, 'places', 'university') AS place FROM raw.health__patient p JOIN raw.city__village v USING (village)
