-- Regulated sites with their legal entity, district and village. The district is that of the point;
-- without a point it is read from the address, also from its name before the merger (龍崎鄉).
WITH addressed AS (
    SELECT
        s.site_id,
        s.site_name,
        s.address,
        s.industry,
        s.industrial_park,
        s.regulated_categories,
        s.longitude,
        s.latitude,
        CAST(ROUND(s.longitude * 100000) AS BIGINT) AS lon_e5,
        CAST(ROUND(s.latitude * 100000) AS BIGINT) AS lat_e5
    FROM raw.environment__regulated_sites AS s
),
district_of_address AS (
    SELECT a.site_id, MIN(d.district_code) AS district_code
    FROM addressed AS a
    INNER JOIN base.district AS d
        ON SUBSTR(a.address, 1, 2) = SUBSTR(d.county_name, 1, 2)
        AND SUBSTR(a.address, 3, 1) IN ('市', '縣')
        AND SUBSTR(a.address, 4, LENGTH(d.district_stem)) = d.district_stem
        AND SUBSTR(a.address, 4 + LENGTH(d.district_stem), 1) IN ('區', '鄉', '鎮', '市')
    GROUP BY a.site_id
)
SELECT
    a.site_id,
    a.site_name,
    n.entity_id,
    a.address,
    a.industry,
    a.industrial_park,
    COALESCE(STRPOS(a.regulated_categories, '空氣污染') > 0, FALSE) AS regulated_air,
    COALESCE(STRPOS(a.regulated_categories, '水污染') > 0, FALSE) AS regulated_water,
    COALESCE(STRPOS(a.regulated_categories, '廢棄物') > 0, FALSE) AS regulated_waste,
    COALESCE(STRPOS(a.regulated_categories, '毒性化學物質') > 0, FALSE) AS regulated_toxic,
    a.longitude,
    a.latitude,
    v.village_code,
    COALESCE(v.district_code, d.district_code) AS district_code,
    CASE
        WHEN v.district_code IS NOT NULL THEN 'point'
        WHEN d.district_code IS NOT NULL THEN 'address'
        ELSE 'unknown'
    END AS district_source,
    v.district_code <> d.district_code AS district_conflict
FROM addressed AS a
LEFT JOIN base.legal_entity_name AS n
    ON n.published_name = a.site_name
LEFT JOIN base.point_village AS v
    ON v.lon_e5 = a.lon_e5 AND v.lat_e5 = a.lat_e5
LEFT JOIN district_of_address AS d
    ON d.site_id = a.site_id
