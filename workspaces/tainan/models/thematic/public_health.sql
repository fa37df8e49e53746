-- Dengue by village and day: confirmed cases and spraying. Days without either are absent.
-- The spraying day has no year: it is that of the list month (a list of December may hold January).
-- A spraying names its village by hand: several in one cell, parts (里A), without the last character, in
-- variant characters; each named village of the district counts once. When no name is known the gathering point decides.
WITH spraying AS (
    SELECT
        s.list_month || '/' || s.serial_no AS spraying_id,
        TRY_CAST(
            CAST(
                CAST(SUBSTR(s.list_month, 1, 4) AS INTEGER)
                + CASE
                    WHEN CAST(REGEXP_EXTRACT(s.month_day, '^([0-9]+)月', 1) AS INTEGER)
                        < CAST(SUBSTR(s.list_month, 5, 2) AS INTEGER) - 6 THEN 1
                    ELSE 0
                END AS VARCHAR
            )
            || '-' || LPAD(REGEXP_EXTRACT(s.month_day, '^([0-9]+)月', 1), 2, '0')
            || '-' || LPAD(REGEXP_EXTRACT(s.month_day, '月([0-9]+)日', 1), 2, '0')
            AS DATE
        ) AS day,
        s.district,
        TRANSLATE(s.villages, '台塩廍峯脚晋', '臺鹽部峰腳晉') AS village_key,
        CAST(ROUND(CASE WHEN ABS(s.latitude) > 90 THEN s.latitude ELSE s.longitude END * 100000) AS BIGINT)
            AS lon_e5,
        CAST(ROUND(CASE WHEN ABS(s.latitude) > 90 THEN s.longitude ELSE s.latitude END * 100000) AS BIGINT)
            AS lat_e5
    FROM raw.health__dengue_spraying AS s
),
named AS (
    SELECT DISTINCT s.spraying_id, s.day, g.village_code
    FROM spraying AS s
    INNER JOIN base.district AS d
        ON s.district = d.district_name OR s.district = d.district_stem
    INNER JOIN base.geography AS g
        ON g.district_code = d.district_code
        AND (
            s.village_key LIKE '%' || TRANSLATE(g.village_name, '台塩廍峯脚晋', '臺鹽部峰腳晉') || '%'
            OR REGEXP_REPLACE(s.village_key, '[-]?[(]?[A-Za-z0-9]+[)]?$', '', 'g') || '里'
                = TRANSLATE(g.village_name, '台塩廍峯脚晋', '臺鹽部峰腳晉')
        )
    WHERE s.day IS NOT NULL
),
located AS (
    SELECT n.day, n.village_code
    FROM named AS n
    UNION ALL
    SELECT s.day, v.village_code
    FROM spraying AS s
    INNER JOIN base.point_village AS v
        ON v.lon_e5 = s.lon_e5 AND v.lat_e5 = s.lat_e5
    WHERE s.day IS NOT NULL
        AND s.spraying_id NOT IN (SELECT n.spraying_id FROM named AS n)
),
sprayed AS (
    SELECT l.village_code, l.day, COUNT(*) AS sprayings
    FROM located AS l
    GROUP BY l.village_code, l.day
),
infected AS (
    SELECT
        c.village_code,
        c.day,
        c.cases,
        c.cases_of_week
    FROM raw.health__dengue_village_daily AS c
)
SELECT
    COALESCE(i.village_code, s.village_code) AS village_code,
    COALESCE(i.day, s.day) AS day,
    COALESCE(i.cases, 0) AS cases,
    i.cases_of_week,
    COALESCE(s.sprayings, 0) AS sprayings
FROM infected AS i
FULL OUTER JOIN sprayed AS s
    ON s.village_code = i.village_code AND s.day = i.day
