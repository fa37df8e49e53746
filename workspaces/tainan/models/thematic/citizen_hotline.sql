-- Tickets per village, month and subject. Tickets whose point lies in no village stay under their
-- district, with no village.
SELECT
    t.village_code,
    t.district_code,
    CAST(DATE_TRUNC('month', t.requested_at) AS DATE) AS month,
    t.subject,
    COUNT(*) AS tickets
FROM (
    SELECT
        h.village_code,
        -- The village's own district, so that a village is never counted under two.
        COALESCE(g.district_code, h.district_code) AS district_code,
        h.requested_at,
        h.subject
    FROM base.hotline_ticket AS h
    LEFT JOIN base.geography AS g
        ON g.village_code = h.village_code
) AS t
GROUP BY
    t.village_code,
    t.district_code,
    CAST(DATE_TRUNC('month', t.requested_at) AS DATE),
    t.subject
