-- One row per village. People per village are published only with the dengue lists (villages that had a
-- case), so population is NULL elsewhere and population_source says so; people of the whole district
-- (statistical areas) stand beside it for every village. Rates are per 1,000 people of the village.
WITH people AS (
    SELECT r.village_code, r.population
    FROM raw.health__dengue_village_rate AS r
    WHERE r.population > 0
),
district_people AS (
    SELECT a.district_code, CAST(SUM(a.population) AS BIGINT) AS population
    FROM base.population_stat_area AS a
    INNER JOIN (
        SELECT b.district_code, MAX(b.as_of) AS as_of
        FROM base.population_stat_area AS b
        GROUP BY b.district_code
    ) AS latest
        ON latest.district_code = a.district_code AND latest.as_of = a.as_of
    GROUP BY a.district_code
),
hotline AS (
    SELECT
        h.village_code,
        CAST(SUM(h.tickets) AS BIGINT) AS tickets,
        CAST(SUM(CASE WHEN h.subject = '違規停車' THEN h.tickets ELSE 0 END) AS BIGINT) AS parking_tickets,
        CAST(SUM(CASE WHEN h.subject = '噪音舉發' THEN h.tickets ELSE 0 END) AS BIGINT) AS noise_tickets,
        CAST(SUM(CASE WHEN h.subject = '髒亂及污染' THEN h.tickets ELSE 0 END) AS BIGINT) AS pollution_tickets
    FROM thematic.citizen_hotline AS h
    WHERE h.village_code IS NOT NULL
    GROUP BY h.village_code
),
dengue AS (
    SELECT
        p.village_code,
        CAST(SUM(p.cases) AS BIGINT) AS cases,
        CAST(SUM(p.sprayings) AS BIGINT) AS sprayings,
        MIN(CASE WHEN p.cases > 0 THEN p.day END) AS first_case
    FROM thematic.public_health AS p
    GROUP BY p.village_code
),
building AS (
    SELECT b.village_code, COUNT(*) AS committees
    FROM base.building AS b
    WHERE b.village_code IS NOT NULL
    GROUP BY b.village_code
),
site AS (
    SELECT s.village_code, COUNT(*) AS sites
    FROM base.site AS s
    WHERE s.village_code IS NOT NULL
    GROUP BY s.village_code
),
penalty AS (
    SELECT c.village_code, CAST(SUM(c.penalties) AS BIGINT) AS penalties
    FROM thematic.environment_compliance AS c
    WHERE c.village_code IS NOT NULL
    GROUP BY c.village_code
),
market AS (
    SELECT v.village_code, COUNT(*) AS markets
    FROM raw.economic_development__night_markets AS m
    INNER JOIN base.point_village AS v
        ON v.lon_e5 = CAST(ROUND(m.longitude * 100000) AS BIGINT)
        AND v.lat_e5 = CAST(ROUND(m.latitude * 100000) AS BIGINT)
    GROUP BY v.village_code
)
SELECT
    g.village_code,
    g.moi_village_code,
    g.village_name,
    g.district_code,
    g.district_name,
    g.boundary_changed,
    g.dissolved,
    p.population,
    CASE WHEN p.population IS NOT NULL THEN 'dengue_rate' ELSE 'none' END AS population_source,
    q.population AS district_population,
    COALESCE(h.tickets, 0) AS tickets,
    COALESCE(h.parking_tickets, 0) AS parking_tickets,
    COALESCE(h.noise_tickets, 0) AS noise_tickets,
    COALESCE(h.pollution_tickets, 0) AS pollution_tickets,
    ROUND(CAST(1000 AS DOUBLE) * COALESCE(h.tickets, 0) / p.population, 2) AS tickets_per_1000,
    COALESCE(d.cases, 0) AS dengue_cases,
    COALESCE(d.sprayings, 0) AS dengue_sprayings,
    d.first_case AS first_dengue_case,
    ROUND(CAST(1000 AS DOUBLE) * COALESCE(d.cases, 0) / p.population, 2) AS dengue_cases_per_1000,
    COALESCE(b.committees, 0) AS building_committees,
    COALESCE(s.sites, 0) AS regulated_sites,
    COALESCE(e.penalties, 0) AS environmental_penalties,
    COALESCE(m.markets, 0) AS night_markets
FROM base.geography AS g
LEFT JOIN people AS p ON p.village_code = g.village_code
LEFT JOIN district_people AS q ON q.district_code = g.district_code
LEFT JOIN hotline AS h ON h.village_code = g.village_code
LEFT JOIN dengue AS d ON d.village_code = g.village_code
LEFT JOIN building AS b ON b.village_code = g.village_code
LEFT JOIN site AS s ON s.village_code = g.village_code
LEFT JOIN penalty AS e ON e.village_code = g.village_code
LEFT JOIN market AS m ON m.village_code = g.village_code
