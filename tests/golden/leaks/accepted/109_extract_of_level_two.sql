-- Columns of L2 are below the extract's ceiling as they are, in projection and in filter.
-- release: {channel: extract, kind: records, quasi_identifiers: [village, sex, age]}
-- model fusion.answer
SELECT village, sex, age, visit_date FROM raw.health__patient WHERE visit_date >= DATE '2026-02-01'
