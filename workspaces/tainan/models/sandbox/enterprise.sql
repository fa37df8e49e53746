-- One row per company, organisation or sole trader, for questions of a bank's green-credit pilot. Nobody
-- reads a row of it: answers are counts, sums and averages with noise, and each enterprise counts once.
-- Natural persons, and parties whose kind the name does not tell, are not in it.
SELECT
    e.entity_id AS enterprise,
    CASE e.entity_kind WHEN 'company' THEN 'company' WHEN 'sole_trader' THEN 'sole_trader' ELSE 'organisation' END
        AS legal_form,
    CASE
        WHEN e.industry IS NULL OR e.industry = '暫無分類' THEN 'unknown'
        WHEN REGEXP_MATCHES(e.industry, '^(畜牧|農|作物|水產)') THEN 'farming'
        WHEN REGEXP_MATCHES(e.industry, '營造|建築工程|土木|結構工程') THEN 'construction'
        WHEN REGEXP_MATCHES(e.industry, '廢棄物|廢[(]污[)]水|污染整治') THEN 'waste_and_wastewater'
        WHEN REGEXP_MATCHES(e.industry, '醫院|診所|照顧|醫療|護理') THEN 'health_and_care'
        WHEN REGEXP_MATCHES(e.industry, '製造業|加工處理業|整理業|印刷|織布業') THEN 'manufacturing'
        ELSE 'services_and_other'
    END AS sector,
    e.district_code,
    e.sites,
    e.regulated_air,
    e.regulated_water,
    e.regulated_waste,
    e.regulated_toxic,
    e.years_declared,
    e.air_tonnes,
    e.waste_tonnes,
    e.environmental_penalties,
    e.environmental_penalty_amount,
    e.last_environmental_penalty,
    e.labour_penalties,
    e.labour_wage_penalties
FROM fusion.enterprise_profile AS e
WHERE e.entity_kind IN ('company', 'organisation', 'sole_trader')
