-- What became of a former village: merged into (or renamed to) another, continued, or only gave land.
-- The publisher lists every village touched by a change; the words before ；say what the new village is made of.
WITH former AS (
    SELECT
        p.village_code AS moi_village_code,
        MIN(p.district_name) AS district_name,
        MIN(REPLACE(REPLACE(p.village_name, '[', ''), ']', '')) AS village_name
    FROM raw.civil_affairs__village_polygons AS p
    GROUP BY p.village_code
),
change AS (
    SELECT
        c.former_village_code AS moi_village_code,
        c.district_name,
        c.successor_name,
        c.composition,
        CASE
            WHEN STRPOS(c.composition, '；') > 0
                THEN SUBSTR(c.composition, 1, STRPOS(c.composition, '；') - 1)
            ELSE c.composition
        END AS parts,
        c.effective_on
    FROM raw.civil_affairs__village_boundary_changes AS c
),
named AS (
    SELECT
        c.moi_village_code,
        c.district_name,
        f.village_name AS former_name,
        c.successor_name,
        c.effective_on,
        TRANSLATE(f.village_name, '台塩廍峯脚晋慷', '臺鹽部峰腳晉槺') AS former_key,
        TRANSLATE(c.successor_name, '台塩廍峯脚晋慷', '臺鹽部峰腳晉槺') AS successor_key,
        TRANSLATE(c.parts, '台塩廍峯脚晋慷', '臺鹽部峰腳晉槺') AS parts_key,
        c.composition
    FROM change AS c
    LEFT JOIN former AS f
        ON f.moi_village_code = c.moi_village_code
)
SELECT
    n.moi_village_code,
    n.district_name,
    n.former_name,
    n.successor_name,
    CASE
        WHEN n.former_key = n.successor_key THEN 'continued'
        WHEN STRPOS(n.composition, '新設') > 0 THEN 'gave_land_to_new'
        WHEN STRPOS(n.parts_key, n.former_key) > 0 THEN 'merged'
        WHEN n.former_key IS NULL THEN 'unknown'
        ELSE 'boundary_moved'
    END AS kind,
    n.effective_on
FROM named AS n
