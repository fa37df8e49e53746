-- Every published name of a regulated site, punished party or employer, and the legal entity it means.
--   width, case and spaces      ＡＢＣ 公司 -> ABC公司; 台 -> 臺
--   company stem                甲股份有限公司二廠(丙) -> 甲股份有限公司 (up to the first 公司)
--   sole trader                 乙某(即丁商行), (即丁商行)乙某, 乙某即「丁商行」, 乙某(丁商行), 丁商行(乙某) -> 丁商行
--   public body                 某市政府水利局-某工程 -> 某市政府水利局
-- The representative's or trader's own name is not kept.
WITH published AS (
    SELECT s.site_name AS published_name, 1 AS site, 0 AS punished, 0 AS employer
    FROM raw.environment__regulated_sites AS s
    UNION ALL
    SELECT COALESCE(p.punished_name, p.facility_name), 0, 1, 0
    FROM raw.environment__penalties AS p
    UNION ALL
    SELECT m.employer, 0, 0, 1
    FROM raw.labour__violations_monthly AS m
    UNION ALL
    SELECT f.employer, 0, 0, 1
    FROM raw.labour__violations_flat AS f
),
name AS (
    SELECT
        p.published_name,
        MAX(p.site) AS site,
        MAX(p.punished) AS punished,
        MAX(p.employer) AS employer,
        REPLACE(
            UPPER(REGEXP_REPLACE(
                TRANSLATE(
                    p.published_name,
                    '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ（）「」－．＆　台',
                    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz()()-.& 臺'
                ),
                '[ \t\r\n]+', '', 'g'
            )),
            '即(', '(即'
        ) AS plain
    FROM published AS p
    WHERE p.published_name IS NOT NULL
    GROUP BY p.published_name
),
traded AS (
    -- The name that is traded under: the shop when a natural person is said to be it.
    SELECT
        n.published_name,
        n.site,
        n.punished,
        n.employer,
        CASE
            WHEN STRPOS(n.plain, '(即') > 0 AND STRPOS(SUBSTR(n.plain, 1, STRPOS(n.plain, '(即') - 1), '公司') = 0
                THEN REGEXP_EXTRACT(n.plain, '[(]即([^()]*(?:[(][^()]*[)])?)', 1)
            WHEN STRPOS(n.plain, '公司') = 0
                AND REGEXP_MATCHES(n.plain, '^[一-龥]{2,4}[(][^()]{3,}[)]$')
                AND NOT REGEXP_MATCHES(n.plain, '(行|店|社|號|坊|館|廠|所|場|站|校|院|會|樓|廈|園|村|居|家|堂)[(]')
                THEN REGEXP_EXTRACT(n.plain, '[(]([^()]+)[)]$', 1)
            ELSE n.plain
        END AS trade_name,
        (STRPOS(n.plain, '(即') > 0 AND STRPOS(SUBSTR(n.plain, 1, STRPOS(n.plain, '(即') - 1), '公司') = 0)
            AS by_person
    FROM name AS n
),
stem AS (
    SELECT
        t.published_name,
        t.site,
        t.punished,
        t.employer,
        t.by_person OR t.trade_name NOT LIKE '%公司%' AND LENGTH(t.trade_name) < LENGTH(t.published_name)
            AND REGEXP_MATCHES(t.published_name, '^[一-龥]{2,4}[(（]') AS by_person,
        CASE
            WHEN STRPOS(t.trade_name, '公司') > 1
                THEN SUBSTR(t.trade_name, 1, STRPOS(t.trade_name, '公司') + 1)
            WHEN REGEXP_MATCHES(t.trade_name, '^.{3,}(政府|局|處|署|公所|學校|大學|中學|國小|國中)-.+$')
                THEN SUBSTR(t.trade_name, 1, STRPOS(t.trade_name, '-') - 1)
            WHEN REGEXP_MATCHES(t.trade_name, '^.{3,}[(][一-龥]{2,4}[)]$')
                AND NOT REGEXP_MATCHES(t.trade_name, '(型|區|店|場|段|廠|館|部|期|標|處|園|中心|校區)[)]$')
                THEN REGEXP_REPLACE(t.trade_name, '[(][一-龥]{2,4}[)]$', '', 'g')
            -- Employers of some lists stand with their representative right behind the name.
            WHEN t.employer = 1 AND t.site = 0 AND t.punished = 0
                AND REGEXP_MATCHES(t.trade_name, '^.{2,}(行|店|館|社|坊|廠|所|醫院|幼兒園|協會|公會|工會|大學|玻璃|興建經營)[一-龥]{3}$')
                AND NOT REGEXP_MATCHES(t.trade_name, '(行|店|館|社|坊|廠|所|院|園|會|學|部|場|校|中心|之家)$')
                THEN SUBSTR(t.trade_name, 1, LENGTH(t.trade_name) - 3)
            ELSE t.trade_name
        END AS entity_name
    FROM traded AS t
),
judged AS (
    SELECT
        s.published_name,
        s.site,
        s.punished,
        s.employer,
        s.entity_name,
        CASE
            WHEN s.entity_name LIKE '%公司' OR REGEXP_MATCHES(s.entity_name, '(銀行|合作社)$') THEN 'company'
            WHEN REGEXP_MATCHES(s.entity_name, '(法人|學校|大學|中學|國小|國中|高中|醫院|協會|公會|工會|農會|漁會|政府|公所|委員會|基金會|幼兒園|俱樂部|局|署|分局|管理處|養護中心|照顧中心|安養中心|養護之家|護理之家|養護院|療養院|病院|學院|研究所|研究發展中心)')
                THEN 'organisation'
            -- Building works and clean-ups that natural persons let be done carry their names.
            WHEN REGEXP_MATCHES(s.entity_name, '工程([(].*[)])?$')
                AND (
                    REGEXP_MATCHES(s.entity_name, '^[一-龥]{2,4}-')
                    OR REGEXP_MATCHES(s.entity_name, '自辦|農業設施|畜牧設施|養殖設施|溫室|網室|住宅|農舍')
                )
                THEN 'natural_person'
            WHEN REGEXP_MATCHES(s.entity_name, '(地號.*|案)-[一-龥]{2,5}$|^集運者[:-][一-龥]{2,4}$') THEN 'natural_person'
            WHEN REGEXP_MATCHES(s.entity_name, '(工程|大樓|大廈|社區|標|掩埋場|工業區)$') THEN 'other'
            WHEN s.by_person
                OR REGEXP_MATCHES(s.entity_name, '診所|養豬場|畜牧場|企業行|實業社|企業社|土木包工業|(洗衣|乾洗)中心$')
                OR REGEXP_MATCHES(s.entity_name, '(行|店|社|號|坊|館|廠|所|場|站|鋪|舖|屋|苑|沙龍|髮型|企業|工業|攝影|咖啡|商店|餐廳|小吃|料理|拉麵|沖印)$')
                THEN 'sole_trader'
            WHEN REGEXP_MATCHES(s.entity_name, '^[一-龥]{2,4}(君|先生|女士|小姐)?$') THEN 'natural_person'
            ELSE 'other'
        END AS entity_kind
    FROM stem AS s
)
SELECT
    j.published_name,
    MD5(j.entity_name) AS entity_id,
    j.entity_name,
    j.entity_kind,
    j.site = 1 AS names_site,
    j.punished = 1 AS names_punished,
    j.employer = 1 AS names_employer
FROM judged AS j
WHERE j.entity_name <> ''
