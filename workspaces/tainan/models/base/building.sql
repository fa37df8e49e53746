-- One row per registered management committee. There is no stable number (numbers in the list repeat),
-- so the id is made of what identifies a committee. Few addresses name the village; the others have the
-- district only. A repeated registration is kept once.
WITH addressed AS (
    SELECT
        b.serial_no,
        b.committee,
        b.address,
        b.approval_no,
        b.approved_on,
        b.blocks,
        b.floors_above,
        b.floors_below,
        b.use_permit,
        MD5(
            b.committee || '|' || COALESCE(b.address, '') || '|' || COALESCE(b.approval_no, '')
            || '|' || COALESCE(b.use_permit, '')
        ) AS building_id
    FROM raw.public_works__building_committees AS b
),
placed AS (
    SELECT
        a.building_id,
        MIN(a.serial_no) AS serial_no,
        MIN(a.committee) AS committee,
        MIN(a.address) AS address,
        MIN(a.approval_no) AS approval_no,
        MIN(a.approved_on) AS approved_on,
        MAX(a.blocks) AS blocks,
        MAX(a.floors_above) AS floors_above,
        MAX(a.floors_below) AS floors_below,
        MIN(a.use_permit) AS use_permit
    FROM addressed AS a
    GROUP BY a.building_id
),
district AS (
    -- Addresses start with the district, a few with the city.
    SELECT
        p.building_id,
        MIN(d.district_code) AS district_code
    FROM placed AS p
    INNER JOIN base.district AS d
        ON p.address LIKE d.district_name || '%'
        OR p.address LIKE d.county_name || d.district_name || '%'
    GROUP BY p.building_id
),
village AS (
    SELECT p.building_id, MIN(g.village_code) AS village_code
    FROM placed AS p
    INNER JOIN district AS d
        ON d.building_id = p.building_id
    INNER JOIN base.geography AS g
        ON g.district_code = d.district_code
        AND p.address LIKE '%' || g.district_name || g.village_name || '%'
    GROUP BY p.building_id
)
SELECT
    p.building_id,
    p.serial_no,
    p.committee,
    p.address,
    d.district_code,
    v.village_code,
    p.approval_no,
    p.approved_on,
    p.blocks,
    p.floors_above,
    p.floors_below,
    p.use_permit
FROM placed AS p
LEFT JOIN district AS d
    ON d.building_id = p.building_id
LEFT JOIN village AS v
    ON v.building_id = p.building_id
