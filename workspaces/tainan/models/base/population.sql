-- District x quarter. Before the merger of 2010-12-25 the same district stood under the county (10011) or
-- the old city (10021) as township, town or district: the stem of its name carries it to today's code,
-- which is the code of its latest period.
WITH published AS (
    SELECT
        p.as_of,
        p.county_code,
        p.district_code,
        p.district_name,
        SUBSTR(p.district_name, 1, LENGTH(p.district_name) - 1) AS stem,
        p.households,
        p.population
    FROM raw.civil_affairs__population_district AS p
),
latest AS (
    SELECT p.stem, MAX(p.as_of) AS as_of
    FROM published AS p
    GROUP BY p.stem
),
today AS (
    SELECT
        p.stem,
        MAX(p.district_code) AS district_code,
        MAX(p.district_name) AS district_name
    FROM published AS p
    INNER JOIN latest AS l
        ON l.stem = p.stem AND l.as_of = p.as_of
    GROUP BY p.stem
)
SELECT
    t.district_code AS moi_district_code,
    p.as_of,
    CAST(EXTRACT(YEAR FROM p.as_of) AS INTEGER) AS year,
    CAST(EXTRACT(QUARTER FROM p.as_of) AS INTEGER) AS quarter,
    t.district_name,
    p.county_code AS published_county_code,
    p.district_code AS published_district_code,
    p.district_name AS published_district_name,
    p.households,
    p.population
FROM published AS p
INNER JOIN today AS t
    ON t.stem = p.stem
