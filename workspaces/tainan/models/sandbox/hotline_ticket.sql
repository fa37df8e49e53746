-- One row per ticket of the hotline with facts of its village, for questions under differential privacy. Nobody
-- reads a row of it. A ticket bears no caller, so tickets are protected, not persons. What the village profile
-- counts of tickets, patients and penalties is not told here: removing one ticket must change no other ticket's row,
-- and a unit of tickets protects no patient.
SELECT
    t.ticket_id AS ticket,
    CASE
        WHEN t.subject IN ('違規停車', '噪音舉發', '髒亂及污染', '路燈故障', '交通運輸', '道路維修', '民生管線', '動物救援', '騎樓舉發', '地震通報', '天然災害', '登革熱通報')
            THEN t.subject
        ELSE '未分類'
    END AS subject,
    CAST(t.requested_at AS DATE) AS requested_on,
    CAST(YEAR(t.requested_at) AS VARCHAR) AS requested_year,
    HOUR(t.requested_at) AS requested_hour,
    ISODOW(t.requested_at) >= 6 AS weekend,
    t.district_code,
    t.village_code,
    v.population AS village_population,
    v.district_population
FROM base.hotline_ticket AS t
LEFT JOIN fusion.village_profile AS v
    ON v.village_code = t.village_code
