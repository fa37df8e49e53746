-- Two columns decide, both are justified.
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv, raw.health__patient.visit_date
SELECT sex, count(*) AS n FROM raw.health__patient WHERE hiv AND visit_date >= DATE '2026-02-01' GROUP BY sex
