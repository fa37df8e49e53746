-- The village of every distinct published point, to five decimals of a degree (about one metre).
-- Ray casting to the east: a point is inside when an odd number of edges lies to its right. Rings of
-- holes and of several parts need no special care. The village's bounding box is tried first.
WITH published AS (
    SELECT t.longitude, t.latitude FROM raw.hotline__tickets AS t
    UNION ALL
    SELECT s.longitude, s.latitude FROM raw.environment__regulated_sites AS s
    UNION ALL
    SELECT l.longitude, l.latitude FROM raw.labour__violations_flat AS l
    UNION ALL
    SELECT m.longitude, m.latitude FROM raw.economic_development__night_markets AS m
    UNION ALL
    -- A few spraying positions have their coordinates exchanged; no latitude exceeds 90 degrees.
    SELECT
        CASE WHEN ABS(d.latitude) > 90 THEN d.latitude ELSE d.longitude END AS longitude,
        CASE WHEN ABS(d.latitude) > 90 THEN d.longitude ELSE d.latitude END AS latitude
    FROM raw.health__dengue_spraying AS d
),
point AS (
    SELECT DISTINCT
        CAST(ROUND(p.longitude * 100000) AS BIGINT) AS lon_e5,
        CAST(ROUND(p.latitude * 100000) AS BIGINT) AS lat_e5
    FROM published AS p
    WHERE p.longitude IS NOT NULL AND p.latitude IS NOT NULL
),
position AS (
    SELECT
        p.lon_e5,
        p.lat_e5,
        CAST(p.lon_e5 AS DOUBLE) / CAST(100000 AS DOUBLE) AS px,
        CAST(p.lat_e5 AS DOUBLE) / CAST(100000 AS DOUBLE) AS py
    FROM point AS p
),
box AS (
    SELECT
        e.moi_village_code,
        MIN(LEAST(e.x1, e.x2)) AS min_x,
        MAX(GREATEST(e.x1, e.x2)) AS max_x,
        MIN(LEAST(e.y1, e.y2)) AS min_y,
        MAX(GREATEST(e.y1, e.y2)) AS max_y
    FROM base.village_edge AS e
    GROUP BY e.moi_village_code
),
candidate AS (
    SELECT q.lon_e5, q.lat_e5, q.px, q.py, b.moi_village_code
    FROM position AS q
    INNER JOIN box AS b
        ON q.px >= b.min_x AND q.px <= b.max_x
        AND q.py >= b.min_y AND q.py <= b.max_y
),
crossed AS (
    SELECT c.lon_e5, c.lat_e5, c.moi_village_code, COUNT(*) AS crossings
    FROM candidate AS c
    INNER JOIN base.village_edge AS e
        ON e.moi_village_code = c.moi_village_code
        AND (e.y1 > c.py) <> (e.y2 > c.py)
        AND c.px < (e.x2 - e.x1) * (c.py - e.y1) / NULLIF(e.y2 - e.y1, 0) + e.x1
    GROUP BY c.lon_e5, c.lat_e5, c.moi_village_code
),
inside AS (
    -- Two polygons that overlap would both claim a point: the smaller code takes it.
    SELECT x.lon_e5, x.lat_e5, MIN(x.moi_village_code) AS moi_village_code
    FROM crossed AS x
    WHERE x.crossings % 2 = 1
    GROUP BY x.lon_e5, x.lat_e5
)
SELECT
    i.lon_e5,
    i.lat_e5,
    g.village_code,
    g.district_code
FROM inside AS i
INNER JOIN base.geography AS g
    ON g.moi_village_code = i.moi_village_code
