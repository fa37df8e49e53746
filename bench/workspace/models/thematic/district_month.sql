SELECT
  d.region,
  i.district_code,
  d.district_name,
  i.category,
  CAST(date_trunc('month', i.opened_on) AS DATE) AS month,
  count(*) AS inspections,
  count(i.closed_on) AS closed,
  count(DISTINCT i.uscc) AS enterprises,
  CAST(sum(i.amount) AS DECIMAL(18,2)) AS amount,
  max(i.score) AS best_score
FROM raw.market__inspection AS i
JOIN raw.civil__district AS d ON d.district_code = i.district_code
GROUP BY d.region, i.district_code, d.district_name, i.category, date_trunc('month', i.opened_on)
