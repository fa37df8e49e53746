-- The count of the schools of the village beside every person.
-- refused by: release_count_other
-- release: {kind: statistics, count: n}
SELECT p.village, p.sex, mask_date(p.birth_date, 'month') AS b, mask_address(p.address) AS a, mask_amount(p.cost, 100) AS c, s.n FROM raw.health__patient p JOIN (SELECT village, count(*) AS n FROM raw.city__school GROUP BY village) s USING (village)
