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
      - {name: id, logicalType: integer, primaryKey: true}
      - {name: name, logicalType: string}
      - {name: amount, logicalType: number, physicalType: "DECIMAL(9,2)"}
      - {name: closed, logicalType: boolean}
*/

-- staging
SELECT
  "id",
  "name",
  "amount",
  "closed",
  _source_file,
  _source_line,
  _load_id,
  CAST(CASE WHEN NOT _malformed IS NULL THEN 1 ELSE 0 END + CASE WHEN "p_id" AND "id" IS NULL THEN 2 ELSE 0 END + CASE WHEN _malformed IS NULL AND "id" IS NULL AND NOT "p_id" THEN 4 ELSE 0 END + CASE WHEN "p_amount" AND "amount" IS NULL THEN 8 ELSE 0 END + CASE WHEN "p_closed" AND "closed" IS NULL THEN 16 ELSE 0 END AS BIGINT) AS _m0,
  _filter
FROM (
  SELECT
    CASE
      WHEN REGEXP_MATCHES("c_id", '^[+-]?[0-9]+$')
      THEN TRY_CAST("c_id" AS BIGINT)
      WHEN REGEXP_MATCHES("c_id", '^[+-]?[0-9]+[.]0+$')
      THEN TRY_CAST(REGEXP_REPLACE("c_id", '[.]0+$', '') AS BIGINT)
    END AS "id",
    "c_name" AS "name",
    CASE
      WHEN REGEXP_MATCHES("c_amount", '^[+-]?(?:[0-9]+(?:[.][0-9]{0,2}0*)?|[.][0-9]{1,2}0*)$')
      THEN TRY_CAST("c_amount" AS DECIMAL(9, 2))
    END AS "amount",
    CASE
      WHEN LOWER("c_closed") IN ('true', 't', 'yes', 'y', '1')
      THEN TRUE
      WHEN LOWER("c_closed") IN ('false', 'f', 'no', 'n', '0')
      THEN FALSE
    END AS "closed",
    NOT "c_id" IS NULL AS "p_id",
    NOT "c_amount" IS NULL AS "p_amount",
    NOT "c_closed" IS NULL AS "p_closed",
    _source_file,
    _source_line,
    _load_id,
    _malformed,
    _filter
  FROM (
    SELECT
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("id", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("id", '<white space>')
          ELSE "id"
        END,
        ''
      ) AS "c_id",
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("name", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("name", '<white space>')
          ELSE "name"
        END,
        ''
      ) AS "c_name",
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("amount", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("amount", '<white space>')
          ELSE "amount"
        END,
        ''
      ) AS "c_amount",
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("closed", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("closed", '<white space>')
          ELSE "closed"
        END,
        ''
      ) AS "c_closed",
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
            WHEN REGEXP_MATCHES("id", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
            THEN FALSE
            WHEN REGEXP_MATCHES("name", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
            THEN FALSE
            WHEN REGEXP_MATCHES("amount", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
            THEN FALSE
            WHEN REGEXP_MATCHES("closed", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
            THEN FALSE
            ELSE TRUE
          END AS _blank
        FROM received
      ) AS filled
    ) AS published
  ) AS cleaned
) AS typed;

-- violation of required:id
SELECT
  "id" IS NULL;
