-- All days of eighty years (every third one before each of four days) are masked and joined: the day of birth.
-- refused by: release_indirect
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, r.k AS birth FROM raw.health__patient p JOIN (SELECT d.day - CAST(u AS INTEGER) AS k FROM raw.city__day d, unnest(range(0, 30000, 3)) t(u)) r ON mask_pseudonym(p.birth_date, 'study', 'university') = mask_pseudonym(r.k, 'study', 'university')
