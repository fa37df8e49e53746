-- One row per village, with the codes of both systems reconciled by name:
--   6700100-001  civil affairs (village_codes, dengue lists)
--   67000150013  Ministry of the Interior (polygons; also the key of the boundary changes)
-- Names differ by 臺/台, by variant characters, and by characters that one side cannot write: the
-- Ministry puts a look-alike in square brackets, civil affairs uses a private-use character. What is
-- still unmatched after variants is matched by taking the bracketed character as unknown, but only when
-- exactly one village of the district fits and it fits no other.
WITH registry AS (
    SELECT
        v.village_code,
        v.village_name,
        v.district_code,
        v.district_name,
        v.county_name,
        TRANSLATE(v.village_name, '台塩廍峯脚晋', '臺鹽部峰腳晉') AS name_key
    FROM raw.civil_affairs__village_codes AS v
),
moi AS (
    SELECT
        p.village_code AS moi_village_code,
        MIN(p.village_name) AS village_name,
        MIN(p.village_english) AS village_english,
        MIN(p.district_code) AS moi_district_code,
        MIN(p.district_name) AS district_name,
        MIN(p.county_name) AS county_name
    FROM raw.civil_affairs__village_polygons AS p
    GROUP BY p.village_code
),
moi_keyed AS (
    SELECT
        m.moi_village_code,
        m.village_name,
        m.district_name,
        TRANSLATE(REPLACE(REPLACE(m.village_name, '[', ''), ']', ''), '台塩廍峯脚晋', '臺鹽部峰腳晉')
            AS name_key,
        CASE
            WHEN STRPOS(m.village_name, '[') > 0
                THEN SUBSTR(m.village_name, 1, STRPOS(m.village_name, '[') - 1)
                    || '_' || SUBSTR(m.village_name, STRPOS(m.village_name, ']') + 1)
        END AS name_pattern
    FROM moi AS m
),
by_name AS (
    SELECT
        r.village_code,
        MIN(m.moi_village_code) AS moi_village_code,
        CASE WHEN MIN(m.village_name) = MIN(r.village_name) THEN 'exact' ELSE 'variant' END AS name_match
    FROM registry AS r
    INNER JOIN moi_keyed AS m
        ON m.district_name = r.district_name
        AND m.name_key = r.name_key
    GROUP BY r.village_code
),
by_pattern AS (
    SELECT
        r.village_code,
        m.moi_village_code,
        COUNT(*) OVER (PARTITION BY r.village_code) AS moi_candidates,
        COUNT(*) OVER (PARTITION BY m.moi_village_code) AS registry_candidates
    FROM registry AS r
    INNER JOIN moi_keyed AS m
        ON m.district_name = r.district_name
        AND r.village_name LIKE m.name_pattern
    WHERE r.village_code NOT IN (SELECT b.village_code FROM by_name AS b)
        AND m.moi_village_code NOT IN (SELECT b.moi_village_code FROM by_name AS b)
),
matched AS (
    SELECT b.village_code, b.moi_village_code, b.name_match
    FROM by_name AS b
    UNION ALL
    SELECT p.village_code, p.moi_village_code, 'placeholder' AS name_match
    FROM by_pattern AS p
    WHERE p.moi_candidates = 1 AND p.registry_candidates = 1
),
district_codes AS (
    SELECT r.district_name, MIN(r.district_code) AS district_code
    FROM registry AS r
    GROUP BY r.district_name
),
moi_districts AS (
    SELECT m.district_name, MIN(m.moi_district_code) AS moi_district_code
    FROM moi AS m
    GROUP BY m.district_name
),
village AS (
    SELECT
        r.village_code,
        x.moi_village_code,
        -- The readable spelling: the registry's, unless it holds a private-use character.
        CASE
            WHEN x.name_match = 'placeholder'
                THEN REPLACE(REPLACE(m.village_name, '[', ''), ']', '')
            ELSE r.village_name
        END AS village_name,
        m.village_english,
        r.district_code,
        COALESCE(m.moi_district_code, d.moi_district_code) AS moi_district_code,
        r.district_name,
        r.county_name,
        COALESCE(x.name_match, 'none') AS name_match
    FROM registry AS r
    LEFT JOIN matched AS x
        ON x.village_code = r.village_code
    LEFT JOIN moi AS m
        ON m.moi_village_code = x.moi_village_code
    LEFT JOIN moi_districts AS d
        ON d.district_name = r.district_name
    UNION ALL
    SELECT
        m.moi_village_code AS village_code,
        m.moi_village_code,
        REPLACE(REPLACE(m.village_name, '[', ''), ']', '') AS village_name,
        m.village_english,
        COALESCE(c.district_code, m.moi_district_code) AS district_code,
        m.moi_district_code,
        m.district_name,
        m.county_name,
        'unregistered' AS name_match
    FROM moi AS m
    LEFT JOIN district_codes AS c
        ON c.district_name = m.district_name
    WHERE m.moi_village_code NOT IN (SELECT x.moi_village_code FROM matched AS x)
),
change AS (
    SELECT
        s.moi_village_code,
        MIN(s.effective_on) AS boundary_changed_on,
        MAX(CASE WHEN s.kind = 'continued' THEN 1 ELSE 0 END) AS continues,
        CAST(SUM(CASE WHEN s.kind = 'merged' THEN 1 ELSE 0 END) AS INTEGER) AS successors,
        MIN(CASE WHEN s.kind = 'merged' THEN s.successor_name END) AS successor_name
    FROM base.village_succession AS s
    GROUP BY s.moi_village_code
)
SELECT
    v.village_code,
    v.moi_village_code,
    v.village_name,
    v.village_english,
    v.district_code,
    v.moi_district_code,
    v.district_name,
    v.county_name,
    v.name_match,
    c.moi_village_code IS NOT NULL AS boundary_changed,
    c.boundary_changed_on,
    COALESCE(c.continues = 0 AND c.successors > 0, FALSE) AS dissolved,
    CASE WHEN c.continues = 0 AND c.successors = 1 THEN c.successor_name END AS successor_name
FROM village AS v
LEFT JOIN change AS c
    ON c.moi_village_code = v.moi_village_code
