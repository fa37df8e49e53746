-- Tickets with their subject unified and their place resolved. The village comes from the point. The
-- district is the one typed when it can be recognised (exactly, without its last character, or at the
-- beginning of what was typed), else that of the point.
WITH typed AS (
    SELECT DISTINCT
        t.district_as_typed,
        REGEXP_REPLACE(REPLACE(t.district_as_typed, '台', '臺'), '[ :：　]+', '', 'g') AS plain
    FROM raw.hotline__tickets AS t
    WHERE t.district_as_typed IS NOT NULL
),
guess AS (
    SELECT
        t.district_as_typed,
        d.district_code,
        ROW_NUMBER() OVER (
            PARTITION BY t.district_as_typed
            ORDER BY
                CASE
                    WHEN t.plain = d.district_name THEN 1
                    WHEN t.plain = d.district_stem THEN 2
                    WHEN t.plain LIKE d.district_name || '%' THEN 3
                    ELSE 4
                END,
                d.district_code
        ) AS choice
    FROM typed AS t
    INNER JOIN base.district AS d
        ON t.plain = d.district_name
        OR t.plain = d.district_stem
        OR t.plain LIKE d.district_name || '%'
        OR (LENGTH(d.district_stem) > 1 AND t.plain LIKE d.district_stem || '%')
)
SELECT
    t.ticket_id,
    t.requested_at,
    CASE
        WHEN t.subject IN ('髒亂及汙染', '髒亂及污染') THEN '髒亂及污染'
        WHEN t.subject IN ('妨害安寧', '妨礙安寧') THEN '噪音舉發'
        WHEN t.subject = '建築物傾倒' THEN '天然災害'
        ELSE COALESCE(t.subject, '未分類')
    END AS subject,
    CASE
        WHEN t.service IN ('妨害安寧', '妨礙安寧') THEN '妨害安寧'
        WHEN t.service IN ('空氣汙染', '空氣污染') THEN '空氣污染'
        WHEN t.service = '其他汙染舉發' THEN '其他污染舉發'
        WHEN t.service IN ('人孔蓋或溝蓋聲響', '人孔蓋或溝蓋聲響鬆動', '人孔蓋或溝蓋聲響、鬆動')
            THEN '人孔蓋或溝蓋聲響、鬆動'
        WHEN t.service IN ('人孔蓋凹陷坑洞', '鬆動人孔蓋凹陷坑洞') THEN '人孔蓋凹陷坑洞'
        WHEN t.service IN ('市區道路路面油漬', '路面油漬') THEN '路面油漬'
        ELSE t.service
    END AS service,
    COALESCE(g.district_code, v.district_code) AS district_code,
    v.village_code,
    g.district_code <> v.district_code AS district_conflict
FROM raw.hotline__tickets AS t
LEFT JOIN guess AS g
    ON g.district_as_typed = t.district_as_typed AND g.choice = 1
LEFT JOIN base.point_village AS v
    ON v.lon_e5 = CAST(ROUND(t.longitude * 100000) AS BIGINT)
    AND v.lat_e5 = CAST(ROUND(t.latitude * 100000) AS BIGINT)
