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
      - name: day
        logicalType: date
        customProperties: [{property: read, value: {from: 日期, dates: [roc, iso, "%Y/%m/%d"]}}]
      - name: seen
        logicalType: timestamp
      - name: month
        logicalType: date
        customProperties: [{property: read, value: {dates: [roc_month]}}]
*/

-- staging
SELECT
  "day",
  "seen",
  "month",
  _source_file,
  _source_line,
  _load_id,
  CAST(CASE WHEN NOT _malformed IS NULL THEN 1 ELSE 0 END + CASE WHEN "p_day" AND "day" IS NULL THEN 2 ELSE 0 END + CASE WHEN "p_seen" AND "seen" IS NULL THEN 4 ELSE 0 END + CASE WHEN "p_month" AND "month" IS NULL THEN 8 ELSE 0 END AS BIGINT) AS _m0,
  _filter
FROM (
  SELECT
    COALESCE(
      TRY_CAST((
        CAST(NULLIF(
          TRY_CAST(NULLIF(
            REGEXP_EXTRACT("c_day", '^(?:民國)?0?([0-9]{2,3})[/.年-]([0-9]{1,2})[/.月-]([0-9]{1,2})日?$', 1),
            ''
          ) AS INT),
          0
        ) + 1911 AS TEXT) || '-' || LPAD(
          NULLIF(
            REGEXP_EXTRACT("c_day", '^(?:民國)?0?([0-9]{2,3})[/.年-]([0-9]{1,2})[/.月-]([0-9]{1,2})日?$', 2),
            ''
          ),
          2,
          '0'
        ) || '-' || LPAD(
          NULLIF(
            REGEXP_EXTRACT("c_day", '^(?:民國)?0?([0-9]{2,3})[/.年-]([0-9]{1,2})[/.月-]([0-9]{1,2})日?$', 3),
            ''
          ),
          2,
          '0'
        )
      ) AS DATE),
      TRY_CAST((
        CAST(NULLIF(
          TRY_CAST(NULLIF(REGEXP_EXTRACT("c_day", '^([0-9]{2,3})([0-9]{2})([0-9]{2})$', 1), '') AS INT),
          0
        ) + 1911 AS TEXT) || '-' || LPAD(NULLIF(REGEXP_EXTRACT("c_day", '^([0-9]{2,3})([0-9]{2})([0-9]{2})$', 2), ''), 2, '0') || '-' || LPAD(NULLIF(REGEXP_EXTRACT("c_day", '^([0-9]{2,3})([0-9]{2})([0-9]{2})$', 3), ''), 2, '0')
      ) AS DATE),
      CAST(TRY_STRPTIME(
        CASE WHEN REGEXP_MATCHES("c_day", '[0-9]') THEN "c_day" END,
        ['%Y-%m-%d', '%Y/%m/%d']
      ) AS DATE)
    ) AS "day",
    CAST(TRY_STRPTIME(
      CASE WHEN REGEXP_MATCHES("c_seen", '[0-9]') THEN "c_seen" END,
      [
        '%Y-%m-%d %H:%M:%S',
        '%Y-%m-%dT%H:%M:%S',
        '%Y-%m-%d %H:%M:%S.%f',
        '%Y-%m-%dT%H:%M:%S.%f',
        '%Y-%m-%d %H:%M',
        '%Y-%m-%dT%H:%M',
        '%Y-%m-%d'
      ]
    ) AS TIMESTAMP) AS "seen",
    TRY_CAST((
      CAST(NULLIF(
        TRY_CAST(NULLIF(
          REGEXP_EXTRACT("c_month", '^(?:民國)?0?([0-9]{2,3})[Y年/.-]([0-9]{1,2})[M月]?$', 1),
          ''
        ) AS INT),
        0
      ) + 1911 AS TEXT) || '-' || LPAD(
        NULLIF(
          REGEXP_EXTRACT("c_month", '^(?:民國)?0?([0-9]{2,3})[Y年/.-]([0-9]{1,2})[M月]?$', 2),
          ''
        ),
        2,
        '0'
      ) || '-' || '01'
    ) AS DATE) AS "month",
    NOT "c_day" IS NULL AS "p_day",
    NOT "c_seen" IS NULL AS "p_seen",
    NOT "c_month" IS NULL AS "p_month",
    _source_file,
    _source_line,
    _load_id,
    _malformed,
    _filter
  FROM (
    SELECT
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("day", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("day", '<white space>')
          ELSE "day"
        END,
        ''
      ) AS "c_day",
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("seen", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("seen", '<white space>')
          ELSE "seen"
        END,
        ''
      ) AS "c_seen",
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("month", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("month", '<white space>')
          ELSE "month"
        END,
        ''
      ) AS "c_month",
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
          *,
          CASE
            WHEN NOT _malformed IS NULL
            THEN FALSE
            WHEN REGEXP_MATCHES("day", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
            THEN FALSE
            WHEN REGEXP_MATCHES("seen", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
            THEN FALSE
            WHEN REGEXP_MATCHES("month", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
            THEN FALSE
            ELSE TRUE
          END AS _blank
        FROM received
      ) AS filled
    ) AS published
  ) AS cleaned
) AS typed;
