-- One row per district; the stem (name without its last character) also stands for the name before the
-- merger of city and county (七股鄉 -> 七股區).
SELECT
    g.district_code,
    MIN(g.moi_district_code) AS moi_district_code,
    MIN(g.district_name) AS district_name,
    SUBSTR(MIN(g.district_name), 1, LENGTH(MIN(g.district_name)) - 1) AS district_stem,
    MIN(g.county_name) AS county_name,
    COUNT(*) AS villages
FROM base.geography AS g
GROUP BY g.district_code
