-- A count as the key of groups that a list of days has multiplied.
-- refused by: release_count
-- release: {kind: statistics, count: n}
-- justification: raw.health__patient.hiv
WITH g AS (SELECT p.village, p.sex, count(*) AS k FROM raw.health__patient p WHERE hiv GROUP BY p.village, p.sex), h AS (SELECT k, d.day FROM g CROSS JOIN raw.city__day d GROUP BY k, d.day) SELECT sum(k)::BIGINT AS n FROM h
