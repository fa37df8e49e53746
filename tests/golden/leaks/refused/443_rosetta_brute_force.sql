-- All identifiers of a range are masked too and joined: the identifier itself.
-- refused by: mask_constant, release_indirect, release_ceiling
-- release: {channel: extract, kind: records, quasi_identifiers: []}
-- model fusion.answer
SELECT p.village, r.k AS patient_id FROM raw.health__patient p JOIN (SELECT v.population * 0 + 100000 + u AS k FROM raw.city__village v, unnest(range(400)) t(u) WHERE v.village = 'north') r ON mask_pseudonym(p.patient_id, 'study', 'university') = mask_pseudonym(r.k, 'study', 'university')
