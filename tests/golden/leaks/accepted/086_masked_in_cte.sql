-- Masked in a CTE, joined with a dictionary afterwards.
-- release: {kind: records, quasi_identifiers: [born]}
WITH p AS (SELECT village, mask_date(birth_date, 'quarter') AS born FROM raw.health__patient)
SELECT v.district, p.born FROM p JOIN raw.city__village AS v ON v.village = p.village
