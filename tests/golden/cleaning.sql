/*
apiVersion: v3.1.0
kind: DataContract
id: golden
version: 1.0.0
status: active
servers:
  - {server: source, type: local, path: x.csv, format: csv}
schema:
  - name: d__t
    properties:
      - name: area
        logicalType: string
        customProperties:
          - {property: read, value: {fill_down: true, clean: [halfwidth, tai, trim], strip: ["'"], blank: ["-"]}}
      - name: people
        logicalType: integer
        customProperties: [{property: read, value: {thousands: true, unit: [人]}}]
      - name: open
        logicalType: boolean
        customProperties: [{property: read, value: {codes: {是: true, 否: false}}}]
      - name: number
        logicalType: integer
        customProperties: [{property: read, value: {extract: '^No[.](\d+)$'}}]
*/

-- staging
SELECT
  "area",
  "people",
  "open",
  "number",
  _source_file,
  _source_line,
  _load_id,
  CAST(CASE WHEN NOT _malformed IS NULL THEN 1 ELSE 0 END + CASE WHEN "p_people" AND "people" IS NULL THEN 2 ELSE 0 END + CASE WHEN "p_open" AND "open" IS NULL THEN 4 ELSE 0 END + CASE WHEN "p_number" AND "number" IS NULL THEN 8 ELSE 0 END AS BIGINT) AS _m0,
  _filter
FROM (
  SELECT
    "c_area" AS "area",
    CASE
      WHEN REGEXP_MATCHES(
        CASE
          WHEN REGEXP_MATCHES(
            REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g'),
            '^[+-]?[0-9]{1,3}(?:[,，][0-9]{3})+(?:[.][0-9]+)?$'
          )
          THEN REPLACE(
            REPLACE(
              REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g'),
              ',',
              ''
            ),
            '，',
            ''
          )
          ELSE REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g')
        END,
        '^[+-]?[0-9]+$'
      )
      THEN TRY_CAST(CASE
        WHEN REGEXP_MATCHES(
          REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g'),
          '^[+-]?[0-9]{1,3}(?:[,，][0-9]{3})+(?:[.][0-9]+)?$'
        )
        THEN REPLACE(
          REPLACE(
            REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g'),
            ',',
            ''
          ),
          '，',
          ''
        )
        ELSE REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g')
      END AS BIGINT)
      WHEN REGEXP_MATCHES(
        CASE
          WHEN REGEXP_MATCHES(
            REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g'),
            '^[+-]?[0-9]{1,3}(?:[,，][0-9]{3})+(?:[.][0-9]+)?$'
          )
          THEN REPLACE(
            REPLACE(
              REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g'),
              ',',
              ''
            ),
            '，',
            ''
          )
          ELSE REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g')
        END,
        '^[+-]?[0-9]+[.]0+$'
      )
      THEN TRY_CAST(REGEXP_REPLACE(
        CASE
          WHEN REGEXP_MATCHES(
            REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g'),
            '^[+-]?[0-9]{1,3}(?:[,，][0-9]{3})+(?:[.][0-9]+)?$'
          )
          THEN REPLACE(
            REPLACE(
              REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g'),
              ',',
              ''
            ),
            '，',
            ''
          )
          ELSE REGEXP_REPLACE("c_people", '[\s\x0b\x{00a0}\x{3000}\x{feff}]*(?:人)$', '', 'g')
        END,
        '[.]0+$',
        ''
      ) AS BIGINT)
    END AS "people",
    CASE
      WHEN LOWER(CASE "c_open" WHEN '是' THEN 'true' WHEN '否' THEN 'false' END) IN ('true', 't', 'yes', 'y', '1')
      THEN TRUE
      WHEN LOWER(CASE "c_open" WHEN '是' THEN 'true' WHEN '否' THEN 'false' END) IN ('false', 'f', 'no', 'n', '0')
      THEN FALSE
    END AS "open",
    CASE
      WHEN REGEXP_MATCHES(NULLIF(REGEXP_EXTRACT("c_number", '^No[.](\d+)$', 1), ''), '^[+-]?[0-9]+$')
      THEN TRY_CAST(NULLIF(REGEXP_EXTRACT("c_number", '^No[.](\d+)$', 1), '') AS BIGINT)
      WHEN REGEXP_MATCHES(NULLIF(REGEXP_EXTRACT("c_number", '^No[.](\d+)$', 1), ''), '^[+-]?[0-9]+[.]0+$')
      THEN TRY_CAST(REGEXP_REPLACE(NULLIF(REGEXP_EXTRACT("c_number", '^No[.](\d+)$', 1), ''), '[.]0+$', '') AS BIGINT)
    END AS "number",
    NOT "c_people" IS NULL AS "p_people",
    NOT "c_open" IS NULL AS "p_open",
    NOT "c_number" IS NULL AS "p_number",
    _source_file,
    _source_line,
    _load_id,
    _malformed,
    _filter
  FROM (
    SELECT
      CASE
        WHEN NOT NULLIF(
          TRIM(
            REPLACE(
              TRIM(
                REPLACE(
                  CASE
                    WHEN REGEXP_MATCHES("area", '[！-～　]')
                    THEN TRANSLATE(
                      "area",
                      '！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～　',
                      '!"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~ '
                    )
                    ELSE "area"
                  END,
                  '台',
                  '臺'
                ),
                '<white space>'
              ),
              '''',
              ''
            ),
            '<white space>'
          ),
          ''
        ) IN ('-')
        THEN NULLIF(
          TRIM(
            REPLACE(
              TRIM(
                REPLACE(
                  CASE
                    WHEN REGEXP_MATCHES("area", '[！-～　]')
                    THEN TRANSLATE(
                      "area",
                      '！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～　',
                      '!"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~ '
                    )
                    ELSE "area"
                  END,
                  '台',
                  '臺'
                ),
                '<white space>'
              ),
              '''',
              ''
            ),
            '<white space>'
          ),
          ''
        )
      END AS "c_area",
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("people", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("people", '<white space>')
          ELSE "people"
        END,
        ''
      ) AS "c_people",
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("open", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("open", '<white space>')
          ELSE "open"
        END,
        ''
      ) AS "c_open",
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("number", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("number", '<white space>')
          ELSE "number"
        END,
        ''
      ) AS "c_number",
      _source_file,
      _source_line,
      _load_id,
      _malformed,
      _filter
    FROM (
      SELECT
        *
        EXCLUDE (_blank),
        CASE WHEN _blank THEN 'blank_row' END AS _filter
      FROM (
        SELECT
          *
          REPLACE (LAST_VALUE(NULLIF(TRIM("area", '<white space>'), '') IGNORE NULLS) OVER (
            PARTITION BY _source_file
            ORDER BY _source_line
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS "area")
        FROM (
          SELECT
            *,
            CASE
              WHEN NOT _malformed IS NULL
              THEN FALSE
              WHEN REGEXP_MATCHES("area", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
              THEN FALSE
              WHEN REGEXP_MATCHES("people", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
              THEN FALSE
              WHEN REGEXP_MATCHES("open", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
              THEN FALSE
              WHEN REGEXP_MATCHES("number", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
              THEN FALSE
              ELSE TRUE
            END AS _blank
          FROM received
        ) AS flagged_blank
      ) AS filled
    ) AS published
  ) AS cleaned
) AS typed;
