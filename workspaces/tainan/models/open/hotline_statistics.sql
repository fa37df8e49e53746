-- Tickets per district, month and subject. A combination of fewer than 5 tickets has no row, as one of none. There are
-- no totals in the table: with them some of the small counts could be computed.
WITH counted AS (
    SELECT
        t.district_code,
        mask_date(CAST(t.requested_at AS DATE), 'month') AS month,
        t.subject,
        COUNT(*) AS tickets
    FROM base.hotline_ticket AS t
    WHERE t.district_code IS NOT NULL
    GROUP BY
        t.district_code,
        mask_date(CAST(t.requested_at AS DATE), 'month'),
        t.subject
    HAVING COUNT(*) >= 5
)
SELECT
    c.district_code,
    d.district_name,
    c.month,
    c.subject,
    c.tickets
FROM counted AS c
INNER JOIN base.district AS d
    ON d.district_code = c.district_code
