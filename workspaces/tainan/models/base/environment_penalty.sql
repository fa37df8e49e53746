-- One row per document and site. A record is published again whenever it is touched: the latest stays.
-- Documents of different counties share numbers, so the county belongs to the key.
WITH ranked AS (
    SELECT
        COALESCE(p.county, '') AS county,
        p.document_no,
        p.site_id,
        p.penalty_date,
        p.transgress_date,
        p.law,
        p.amount,
        p.petition_result,
        p.rescission,
        p.punished_site_id,
        COALESCE(p.punished_name, p.facility_name) AS party,
        ROW_NUMBER() OVER (
            PARTITION BY COALESCE(p.county, ''), p.document_no, p.site_id
            ORDER BY
                p.updated_at DESC NULLS LAST,
                p.amount DESC NULLS LAST,
                p.law NULLS LAST,
                p.improve_before DESC NULLS LAST,
                p.punished_name NULLS LAST,
                p.inspection_result NULLS LAST
        ) AS version
    FROM raw.environment__penalties AS p
)
SELECT
    r.county,
    r.document_no,
    r.site_id,
    n.entity_id AS punished_entity_id,
    r.penalty_date,
    r.transgress_date,
    r.law,
    r.amount,
    COALESCE(r.petition_result = '原處分撤銷', FALSE)
        OR COALESCE(r.rescission IN ('資料鍵入錯誤', '撤銷並另立裁處書', '自行撤銷', '陳情撤銷', '案件廢止'), FALSE)
        AS rescinded,
    COALESCE(r.punished_site_id <> r.site_id, FALSE) AS punished_another,
    s.site_id IS NOT NULL AS site_registered
FROM ranked AS r
LEFT JOIN base.legal_entity_name AS n
    ON n.published_name = r.party
LEFT JOIN base.site AS s
    ON s.site_id = r.site_id
WHERE r.version = 1
