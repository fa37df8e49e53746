-- One row per site and year in which the site declared, tested or was punished.
-- Air: the same quarter is published as two records with complementary blanks, so the largest non-blank
-- value of each item is that of the quarter. Discharge: the latest record of a test counts; a period that
-- lies inside a longer one of the same outlet does not add its volume again. Waste: revoked declarations
-- do not count. Penalties: by date of the penalty, without rescinded ones; sites of other counties that
-- the register does not hold are kept and marked. Sums go through DECIMAL: exact, whatever the order of rows.
WITH air_quarter AS (
    SELECT
        a.site_id,
        a.starts_on,
        MAX(a.emission_item_1) AS item_1,
        MAX(a.emission_item_2) AS item_2,
        MAX(a.emission_item_3) AS item_3,
        MAX(a.emission_item_4) AS item_4
    FROM raw.environment__air_emission AS a
    GROUP BY a.site_id, a.starts_on
),
air AS (
    SELECT
        q.site_id,
        CAST(EXTRACT(YEAR FROM q.starts_on) AS INTEGER) AS year,
        CAST(COUNT(*) AS INTEGER) AS quarters,
        CAST(SUM(CAST(q.item_1 AS DECIMAL(28, 6))) AS DOUBLE) AS item_1,
        CAST(SUM(CAST(q.item_2 AS DECIMAL(28, 6))) AS DOUBLE) AS item_2,
        CAST(SUM(CAST(q.item_3 AS DECIMAL(28, 6))) AS DOUBLE) AS item_3,
        CAST(SUM(CAST(q.item_4 AS DECIMAL(28, 6))) AS DOUBLE) AS item_4
    FROM air_quarter AS q
    GROUP BY q.site_id, CAST(EXTRACT(YEAR FROM q.starts_on) AS INTEGER)
),
test_ranked AS (
    SELECT
        w.site_id,
        w.outlet,
        w.starts_on,
        COALESCE(w.ends_on, w.starts_on) AS ends_on,
        w.item,
        w.value,
        w.volume,
        ROW_NUMBER() OVER (
            PARTITION BY w.site_id, w.outlet, w.starts_on, w.ends_on, w.item
            ORDER BY w.updated_at DESC NULLS LAST, w.value DESC NULLS LAST, w.volume DESC NULLS LAST
        ) AS version
    FROM raw.environment__water_discharge AS w
),
test AS (
    SELECT r.site_id, r.outlet, r.starts_on, r.ends_on, r.item, r.value, r.volume
    FROM test_ranked AS r
    WHERE r.version = 1
),
test_year AS (
    SELECT
        t.site_id,
        CAST(EXTRACT(YEAR FROM t.starts_on) AS INTEGER) AS year,
        COUNT(*) AS tests,
        ROUND(
            CAST(SUM(CASE WHEN t.item LIKE '化學需氧量%' THEN CAST(t.value AS DECIMAL(28, 6)) END) AS DOUBLE)
            / NULLIF(COUNT(CASE WHEN t.item LIKE '化學需氧量%' THEN t.value END), 0), 3
        ) AS cod_mean,
        MAX(CASE WHEN t.item LIKE '化學需氧量%' THEN t.value END) AS cod_max,
        ROUND(
            CAST(SUM(CASE WHEN t.item LIKE '懸浮固體%' THEN CAST(t.value AS DECIMAL(28, 6)) END) AS DOUBLE)
            / NULLIF(COUNT(CASE WHEN t.item LIKE '懸浮固體%' THEN t.value END), 0), 3
        ) AS suspended_solids_mean,
        ROUND(
            CAST(SUM(CASE WHEN t.item LIKE '生化需氧量%' THEN CAST(t.value AS DECIMAL(28, 6)) END) AS DOUBLE)
            / NULLIF(COUNT(CASE WHEN t.item LIKE '生化需氧量%' THEN t.value END), 0), 3
        ) AS bod_mean
    FROM test AS t
    GROUP BY t.site_id, CAST(EXTRACT(YEAR FROM t.starts_on) AS INTEGER)
),
outlet_period AS (
    SELECT t.site_id, t.outlet, t.starts_on, t.ends_on, MAX(t.volume) AS volume
    FROM test AS t
    GROUP BY t.site_id, t.outlet, t.starts_on, t.ends_on
),
outlet_covered AS (
    SELECT DISTINCT s.site_id, s.outlet, s.starts_on, s.ends_on
    FROM outlet_period AS s
    INNER JOIN outlet_period AS l
        ON l.site_id = s.site_id
        AND l.outlet = s.outlet
        AND l.starts_on <= s.starts_on
        AND l.ends_on >= s.ends_on
        AND (l.starts_on < s.starts_on OR l.ends_on > s.ends_on)
),
volume_year AS (
    SELECT
        p.site_id,
        CAST(EXTRACT(YEAR FROM p.starts_on) AS INTEGER) AS year,
        CAST(SUM(CAST(p.volume AS DECIMAL(28, 6))) AS DOUBLE) AS volume
    FROM outlet_period AS p
    LEFT JOIN outlet_covered AS c
        ON c.site_id = p.site_id
        AND c.outlet = p.outlet
        AND c.starts_on = p.starts_on
        AND c.ends_on = p.ends_on
    WHERE c.site_id IS NULL
    GROUP BY p.site_id, CAST(EXTRACT(YEAR FROM p.starts_on) AS INTEGER)
),
waste AS (
    SELECT
        w.site_id,
        w.year,
        CAST(SUM(CAST(w.tonnes AS DECIMAL(28, 6))) AS DOUBLE) AS tonnes,
        CAST(SUM(CASE WHEN w.disposal_code LIKE 'R%' THEN CAST(w.tonnes AS DECIMAL(28, 6)) ELSE CAST(0 AS DECIMAL(28, 6)) END) AS DOUBLE)
            AS reused_tonnes
    FROM raw.environment__waste_monthly AS w
    WHERE COALESCE(w.status, '有效') <> '撤銷'
    GROUP BY w.site_id, w.year
),
toxic AS (
    SELECT
        x.site_id,
        CAST(EXTRACT(YEAR FROM x.starts_on) AS INTEGER) AS year,
        CAST(SUM(CAST(x.tonnes AS DECIMAL(28, 6))) AS DOUBLE) AS tonnes,
        CAST(COUNT(DISTINCT x.substance_code) AS INTEGER) AS substances
    FROM raw.environment__toxic_release AS x
    GROUP BY x.site_id, CAST(EXTRACT(YEAR FROM x.starts_on) AS INTEGER)
),
penalty AS (
    SELECT
        p.site_id,
        CAST(EXTRACT(YEAR FROM p.penalty_date) AS INTEGER) AS year,
        CAST(SUM(CASE WHEN p.rescinded THEN 0 ELSE 1 END) AS INTEGER) AS penalties,
        CAST(SUM(CASE WHEN p.rescinded THEN CAST(0 AS DECIMAL(18, 2)) ELSE p.amount END) AS DECIMAL(18, 2)) AS amount,
        CAST(SUM(CASE WHEN p.rescinded THEN 1 ELSE 0 END) AS INTEGER) AS rescinded
    FROM base.environment_penalty AS p
    GROUP BY p.site_id, CAST(EXTRACT(YEAR FROM p.penalty_date) AS INTEGER)
),
site_year AS (
    SELECT a.site_id, a.year FROM air AS a
    UNION
    SELECT t.site_id, t.year FROM test_year AS t
    UNION
    SELECT w.site_id, w.year FROM waste AS w
    UNION
    SELECT x.site_id, x.year FROM toxic AS x
    UNION
    SELECT p.site_id, p.year FROM penalty AS p
)
SELECT
    y.site_id,
    y.year,
    s.site_id IS NOT NULL AS site_registered,
    s.entity_id,
    s.district_code,
    s.village_code,
    COALESCE(a.quarters, 0) AS air_quarters,
    a.item_1 AS air_item_1_tonnes,
    a.item_2 AS air_item_2_tonnes,
    a.item_3 AS air_item_3_tonnes,
    a.item_4 AS air_item_4_tonnes,
    COALESCE(t.tests, 0) AS discharge_tests,
    v.volume AS discharge_cubic_metres,
    t.cod_mean AS cod_mean_mg_per_l,
    t.cod_max AS cod_max_mg_per_l,
    t.bod_mean AS bod_mean_mg_per_l,
    t.suspended_solids_mean AS suspended_solids_mean_mg_per_l,
    w.tonnes AS waste_tonnes,
    w.reused_tonnes AS waste_reused_tonnes,
    x.tonnes AS toxic_tonnes,
    COALESCE(x.substances, 0) AS toxic_substances,
    COALESCE(p.penalties, 0) AS penalties,
    COALESCE(p.amount, CAST(0 AS DECIMAL(18, 2))) AS penalty_amount,
    COALESCE(p.rescinded, 0) AS penalties_rescinded
FROM site_year AS y
LEFT JOIN base.site AS s ON s.site_id = y.site_id
LEFT JOIN air AS a ON a.site_id = y.site_id AND a.year = y.year
LEFT JOIN test_year AS t ON t.site_id = y.site_id AND t.year = y.year
LEFT JOIN volume_year AS v ON v.site_id = y.site_id AND v.year = y.year
LEFT JOIN waste AS w ON w.site_id = y.site_id AND w.year = y.year
LEFT JOIN toxic AS x ON x.site_id = y.site_id AND x.year = y.year
LEFT JOIN penalty AS p ON p.site_id = y.site_id AND p.year = y.year
