-- One row per employer and penalty document, whatever number of lists repeats it. Lists disagree on the
-- date of a few documents: the earliest stands and the row is marked. The broken clauses are those of any list.
SELECT
    l.entity_id,
    l.document_digits,
    MIN(l.penalty_date) AS penalty_date,
    COUNT(DISTINCT l.penalty_date) > 1 AS dates_disagree,
    MAX(CASE WHEN REGEXP_MATCHES(l.law, '第21條') THEN 1 ELSE 0 END) = 1 AS below_minimum_wage,
    MAX(CASE WHEN REGEXP_MATCHES(l.law, '第2[23]條') THEN 1 ELSE 0 END) = 1 AS wage_not_paid_properly,
    MAX(CASE WHEN REGEXP_MATCHES(l.law, '第24條') THEN 1 ELSE 0 END) = 1 AS overtime_not_paid,
    MAX(CASE WHEN REGEXP_MATCHES(l.law, '第30條|第7條') THEN 1 ELSE 0 END) = 1 AS records_or_hours,
    MAX(CASE WHEN REGEXP_MATCHES(l.law, '第32條') THEN 1 ELSE 0 END) = 1 AS overtime_too_long,
    MAX(CASE WHEN REGEXP_MATCHES(l.law, '第3[6789]條') THEN 1 ELSE 0 END) = 1 AS rest_or_leave,
    CAST(COUNT(DISTINCT l.law) AS INTEGER) AS clause_texts,
    CAST(SUM(CASE WHEN l.list_kind = 'month' THEN 1 ELSE 0 END) AS INTEGER) AS rows_in_monthly_lists,
    CAST(SUM(CASE WHEN l.list_kind = 'year' THEN 1 ELSE 0 END) AS INTEGER) AS rows_in_year_lists,
    CAST(SUM(CASE WHEN l.list_kind = 'flat' THEN 1 ELSE 0 END) AS INTEGER) AS rows_in_flat_list,
    MIN(l.village_code) AS village_code
FROM base.labour_penalty AS l
GROUP BY l.entity_id, l.document_digits
