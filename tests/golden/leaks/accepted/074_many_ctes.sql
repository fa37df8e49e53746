-- A page of CTEs as an analyst writes them.
WITH schools AS (SELECT village, count(*) AS schools, CAST(sum(pupils) AS BIGINT) AS pupils FROM raw.city__school GROUP BY village),
visits AS (SELECT village, count(*) AS visits FROM raw.health__patient GROUP BY village),
joined AS (
  SELECT v.village, v.district, v.population, coalesce(s.schools, 0) AS schools, coalesce(x.visits, 0) AS visits
  FROM raw.city__village AS v LEFT JOIN schools AS s USING (village) LEFT JOIN visits AS x USING (village)
)
SELECT district, CAST(sum(schools) AS BIGINT) AS schools, CAST(sum(visits) AS BIGINT) AS visits,
  1000.0 * sum(visits) / sum(population) AS rate
FROM joined GROUP BY district
