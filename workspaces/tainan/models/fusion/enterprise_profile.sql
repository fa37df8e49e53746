-- One row per legal entity: what the environment and the labour departments know of it, side by side.
-- Penalties are counted with the punished party, emissions with the owner of the site.
WITH site AS (
    SELECT
        s.entity_id,
        COUNT(*) AS sites,
        MIN(s.district_code) AS district_code,
        COUNT(DISTINCT s.district_code) AS districts,
        MIN(s.industry) AS industry,
        MAX(CASE WHEN s.regulated_air THEN 1 ELSE 0 END) = 1 AS regulated_air,
        MAX(CASE WHEN s.regulated_water THEN 1 ELSE 0 END) = 1 AS regulated_water,
        MAX(CASE WHEN s.regulated_waste THEN 1 ELSE 0 END) = 1 AS regulated_waste,
        MAX(CASE WHEN s.regulated_toxic THEN 1 ELSE 0 END) = 1 AS regulated_toxic
    FROM base.site AS s
    GROUP BY s.entity_id
),
declared AS (
    SELECT
        c.entity_id,
        CAST(COUNT(DISTINCT c.year) AS INTEGER) AS years_declared,
        CAST(
            SUM(
                CAST(COALESCE(c.air_item_1_tonnes, 0) AS DECIMAL(28, 6))
                + CAST(COALESCE(c.air_item_2_tonnes, 0) AS DECIMAL(28, 6))
                + CAST(COALESCE(c.air_item_3_tonnes, 0) AS DECIMAL(28, 6))
                + CAST(COALESCE(c.air_item_4_tonnes, 0) AS DECIMAL(28, 6))
            ) AS DOUBLE
        ) AS air_tonnes,
        CAST(SUM(CAST(COALESCE(c.waste_tonnes, 0) AS DECIMAL(28, 6))) AS DOUBLE) AS waste_tonnes,
        CAST(SUM(CAST(COALESCE(c.toxic_tonnes, 0) AS DECIMAL(28, 6))) AS DOUBLE) AS toxic_tonnes,
        CAST(SUM(c.discharge_tests) AS BIGINT) AS discharge_tests
    FROM thematic.environment_compliance AS c
    WHERE c.entity_id IS NOT NULL
    GROUP BY c.entity_id
),
environment AS (
    SELECT
        p.punished_entity_id AS entity_id,
        COUNT(*) AS penalties,
        CAST(SUM(p.amount) AS DECIMAL(18, 2)) AS amount,
        MAX(p.penalty_date) AS last_penalty
    FROM base.environment_penalty AS p
    WHERE NOT p.rescinded AND p.punished_entity_id IS NOT NULL
    GROUP BY p.punished_entity_id
),
labour AS (
    SELECT
        l.entity_id,
        COUNT(*) AS penalties,
        MAX(l.penalty_date) AS last_penalty,
        CAST(SUM(CASE WHEN l.overtime_not_paid OR l.below_minimum_wage OR l.wage_not_paid_properly THEN 1 ELSE 0 END)
            AS BIGINT) AS wage_penalties
    FROM thematic.labour_compliance AS l
    GROUP BY l.entity_id
)
SELECT
    e.entity_id,
    e.entity_name,
    e.entity_kind,
    COALESCE(s.sites, 0) AS sites,
    s.district_code,
    COALESCE(s.districts, 0) AS districts,
    s.industry,
    COALESCE(s.regulated_air, FALSE) AS regulated_air,
    COALESCE(s.regulated_water, FALSE) AS regulated_water,
    COALESCE(s.regulated_waste, FALSE) AS regulated_waste,
    COALESCE(s.regulated_toxic, FALSE) AS regulated_toxic,
    COALESCE(d.years_declared, 0) AS years_declared,
    COALESCE(d.air_tonnes, 0) AS air_tonnes,
    COALESCE(d.waste_tonnes, 0) AS waste_tonnes,
    COALESCE(d.toxic_tonnes, 0) AS toxic_tonnes,
    COALESCE(d.discharge_tests, 0) AS discharge_tests,
    COALESCE(n.penalties, 0) AS environmental_penalties,
    COALESCE(n.amount, CAST(0 AS DECIMAL(18, 2))) AS environmental_penalty_amount,
    n.last_penalty AS last_environmental_penalty,
    COALESCE(l.penalties, 0) AS labour_penalties,
    COALESCE(l.wage_penalties, 0) AS labour_wage_penalties,
    l.last_penalty AS last_labour_penalty,
    (s.entity_id IS NOT NULL OR n.entity_id IS NOT NULL) AND l.entity_id IS NOT NULL AS in_both_departments
FROM base.legal_entity AS e
LEFT JOIN site AS s ON s.entity_id = e.entity_id
LEFT JOIN declared AS d ON d.entity_id = e.entity_id
LEFT JOIN environment AS n ON n.entity_id = e.entity_id
LEFT JOIN labour AS l ON l.entity_id = e.entity_id
