-- One row per company, organisation or sole trader that a department regulates or has punished, told so coarsely that
-- at least 20 rows agree in form, sector, place and numbers of penalties. No name, no number, no address, no pseudonym.
-- Natural persons, and parties whose kind the name does not tell, are not in the table.
-- Where fewer than 20 rows agree the region is left out, then the sector, then the row.
WITH kind_of_penalty AS (
    SELECT
        p.punished_entity_id AS entity_id,
        -- One band for all above 300,000: narrow ones would hold a few well-known cases.
        CASE WHEN SUM(p.amount) >= 300000 THEN '[300000,)' ELSE mask_amount(SUM(p.amount), 60000) END AS amount,
        MAX(CASE WHEN p.law LIKE '%空氣污染%' THEN 1 ELSE 0 END) = 1 AS air,
        MAX(CASE WHEN p.law LIKE '%水污染防治法%' THEN 1 ELSE 0 END) = 1 AS water,
        MAX(CASE WHEN p.law LIKE '%廢棄物清理法%' THEN 1 ELSE 0 END) = 1 AS waste,
        MAX(CASE WHEN p.law LIKE '%毒性%' THEN 1 ELSE 0 END) = 1 AS toxic
    FROM base.environment_penalty AS p
    WHERE NOT p.rescinded AND p.punished_entity_id IS NOT NULL
    GROUP BY p.punished_entity_id
),
coarse AS (
    SELECT
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
        CASE
            WHEN e.district_code IN ('6703200', '6703300', '6703400', '6703500', '6703600', '6703700') THEN '府城'
            WHEN e.district_code IN ('6702700', '6702800', '6702900', '6703000', '6703100') THEN '新豐'
            WHEN e.district_code BETWEEN '6700100' AND '6700600' THEN '新營'
            WHEN e.district_code BETWEEN '6700700' AND '6701100' THEN '曾文'
            WHEN e.district_code BETWEEN '6701200' AND '6701700' THEN '北門'
            WHEN e.district_code BETWEEN '6701800' AND '6702600' THEN '新化'
        END AS region,
        CASE WHEN e.environmental_penalties = 0 THEN 'none' WHEN e.environmental_penalties = 1 THEN 'one' ELSE 'several' END
            AS environmental_penalties,
        CASE WHEN e.labour_penalties = 0 THEN 'none' WHEN e.labour_penalties = 1 THEN 'one' ELSE 'several' END
            AS labour_penalties,
        k.amount AS environmental_amount,
        COALESCE(k.air, FALSE) AS for_air,
        COALESCE(k.water, FALSE) AS for_water,
        COALESCE(k.waste, FALSE) AS for_waste,
        COALESCE(k.toxic, FALSE) AS for_toxic_substances,
        e.labour_wage_penalties > 0 AS for_wages,
        mask_date(e.last_environmental_penalty, 'year') AS last_environmental_penalty,
        mask_date(e.last_labour_penalty, 'year') AS last_labour_penalty
    FROM fusion.enterprise_profile AS e
    LEFT JOIN kind_of_penalty AS k
        ON k.entity_id = e.entity_id
    WHERE e.entity_kind IN ('company', 'organisation', 'sole_trader')
),
with_region AS (
    SELECT
        CASE
            WHEN COUNT(*) OVER (PARTITION BY legal_form, sector, region, environmental_penalties, labour_penalties) >= 20 THEN region
        END AS region,
        legal_form, sector, environmental_penalties, labour_penalties,
        environmental_amount, for_air, for_water, for_waste,
        for_toxic_substances, for_wages, last_environmental_penalty, last_labour_penalty
    FROM coarse
),
with_sector AS (
    SELECT
        CASE
            WHEN COUNT(*) OVER (PARTITION BY legal_form, sector, region, environmental_penalties, labour_penalties) >= 20 THEN sector
        END AS sector,
        legal_form, region, environmental_penalties, labour_penalties,
        environmental_amount, for_air, for_water, for_waste,
        for_toxic_substances, for_wages, last_environmental_penalty, last_labour_penalty
    FROM with_region
),
kept AS (
    SELECT
        legal_form, sector, region, environmental_penalties, labour_penalties,
        environmental_amount, for_air, for_water, for_waste, for_toxic_substances,
        for_wages, last_environmental_penalty, last_labour_penalty
    FROM with_sector
    QUALIFY COUNT(*) OVER (PARTITION BY legal_form, sector, region, environmental_penalties, labour_penalties) >= 20
)
SELECT
    ROW_NUMBER() OVER (
        ORDER BY
            legal_form, sector NULLS LAST, region NULLS LAST, environmental_penalties, labour_penalties, environmental_amount NULLS LAST,
            for_air, for_water, for_waste, for_toxic_substances, for_wages,
            last_environmental_penalty NULLS LAST, last_labour_penalty NULLS LAST
    ) AS line_number,
    legal_form,
    sector,
    region,
    environmental_penalties,
    labour_penalties,
    environmental_amount,
    for_air,
    for_water,
    for_waste,
    for_toxic_substances,
    for_wages,
    last_environmental_penalty,
    last_labour_penalty
FROM kept
