-- Tickets per district, month and subject. Counts below 5 are left out (NULL); a combination without any ticket has
-- no row. There are no totals in the table: with them some of the small counts could be computed.
WITH counted AS (
    SELECT
        t.district_code,
        mask_date(CAST(t.requested_at AS DATE), 'month') AS month,
        t.subject,
        mask_suppress(COUNT(*), 5) AS tickets
    FROM base.hotline_ticket AS t
    WHERE t.district_code IS NOT NULL
    GROUP BY
        t.district_code,
        mask_date(CAST(t.requested_at AS DATE), 'month'),
        t.subject
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
