-- One pseudonym, written in two places: it is one view.
-- release: {channel: extract, kind: records, quasi_identifiers: [], sensitive: [owner, label]}
-- model fusion.answer
SELECT mask_pseudonym(owner, 'study', 'university') AS owner,
  'owner ' || mask_pseudonym(owner, 'study', 'university') AS label
FROM raw.tax__firm
