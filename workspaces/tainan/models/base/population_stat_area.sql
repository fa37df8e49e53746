-- Second dissemination area x month. The area code holds the ordinal of the district:
-- A6701-01 is the first district of city 67, whose civil affairs code is 6700100.
SELECT
    s.area_code_2,
    s.as_of,
    MIN(SUBSTR(s.area_code_2, 2, 2) || '0' || SUBSTR(s.area_code_2, 4, 2) || '00') AS district_code,
    COUNT(*) AS smallest_areas,
    CAST(SUM(s.households) AS BIGINT) AS households,
    CAST(SUM(s.population) AS BIGINT) AS population,
    CAST(SUM(s.men) AS BIGINT) AS men,
    CAST(SUM(s.women) AS BIGINT) AS women
FROM raw.civil_affairs__population_stat_area AS s
WHERE s.area_code_2 IS NOT NULL
GROUP BY s.area_code_2, s.as_of
