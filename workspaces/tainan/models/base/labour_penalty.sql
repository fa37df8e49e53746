-- Every row of every labour list as (entity, document digits): the step in which monthly, year and flat
-- lists become comparable. A document may punish several employers, so both make the key.
WITH listed AS (
    SELECT
        m.employer,
        m.document_no,
        m.penalty_date,
        m.law,
        m.violation,
        CASE WHEN m.list_name LIKE '%full%' THEN 'year' ELSE 'month' END AS list_kind,
        CAST(NULL AS DOUBLE) AS longitude,
        CAST(NULL AS DOUBLE) AS latitude
    FROM raw.labour__violations_monthly AS m
    UNION ALL
    SELECT f.employer, f.document_no, f.penalty_date, f.law, f.violation, 'flat', f.longitude, f.latitude
    FROM raw.labour__violations_flat AS f
)
SELECT
    n.entity_id,
    COALESCE(NULLIF(REGEXP_REPLACE(l.document_no, '[^0-9]', '', 'g'), ''), l.document_no) AS document_digits,
    l.penalty_date,
    -- Clauses are written with and without the name of the act and full stops.
    REGEXP_REPLACE(REPLACE(l.law, '違反', ''), '[。、，,. ]+', ',', 'g') AS law,
    l.violation,
    l.list_kind,
    v.village_code
FROM listed AS l
INNER JOIN base.legal_entity_name AS n
    ON n.published_name = l.employer
LEFT JOIN base.point_village AS v
    ON v.lon_e5 = CAST(ROUND(l.longitude * 100000) AS BIGINT)
    AND v.lat_e5 = CAST(ROUND(l.latitude * 100000) AS BIGINT)
