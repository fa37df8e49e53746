-- Village boundaries as edges, trimmed to what ray casting needs: every model that asks
-- "which village is this point in" joins this table and nothing wider.
SELECT
    p.village_code AS moi_village_code,
    p.ring,
    p.edge,
    p.x1,
    p.y1,
    p.x2,
    p.y2
FROM raw.civil_affairs__village_polygons AS p
