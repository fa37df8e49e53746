SELECT
  i.record_no,
  md5(i.uscc) AS enterprise,
  '*******' || right(i.phone, 4) AS phone,
  i.district_code,
  i.category,
  CAST(date_trunc('month', i.opened_on) AS DATE) AS month,
  i.amount
FROM raw.market__inspection AS i
