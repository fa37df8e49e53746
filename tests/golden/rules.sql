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
      - {name: id, logicalType: string, required: true, unique: true, logicalTypeOptions: {maxLength: 5, pattern: "[A-Z]+"}}
      - {name: age, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 150}}
      - name: kind
        logicalType: string
        quality: [{type: library, metric: invalidValues, arguments: {validValues: [a, "it's"]}, mustBe: 0}]
      - name: born
        logicalType: date
        quality: [{type: custom, engine: citybrain, implementation: {rule: not_future}}]
    quality:
      - type: custom
        engine: citybrain
        name: age_of_kind
        severity: warn
        implementation: {rule: row, holds: "kind = 'a' OR age > 5"}
*/

-- staging
SELECT
  "id",
  "age",
  "kind",
  "born",
  _source_file,
  _source_line,
  _load_id,
  CAST(CASE WHEN NOT _malformed IS NULL THEN 1 ELSE 0 END + CASE WHEN _malformed IS NULL AND "id" IS NULL THEN 2 ELSE 0 END + CASE WHEN LENGTH("id") > 5 THEN 4 ELSE 0 END + CASE WHEN NOT REGEXP_MATCHES("id", '^(?:[A-Z]+)$') THEN 8 ELSE 0 END + CASE WHEN "p_age" AND "age" IS NULL THEN 16 ELSE 0 END + CASE
    WHEN "age" < CAST('0' AS DOUBLE) OR "age" > CAST('150' AS DOUBLE)
    THEN 32
    ELSE 0
  END + CASE WHEN "p_born" AND "born" IS NULL THEN 64 ELSE 0 END + CASE WHEN NOT "kind" IN ('a', 'it''s') THEN 128 ELSE 0 END + CASE WHEN CAST("born" AS DATE) > CAST('2026-07-01' AS DATE) THEN 256 ELSE 0 END + CASE WHEN NOT (
    kind = 'a' OR age > 5
  ) THEN 512 ELSE 0 END AS BIGINT) AS _m0,
  _filter
FROM (
  SELECT
    "c_id" AS "id",
    CASE
      WHEN REGEXP_MATCHES("c_age", '^[+-]?[0-9]+$')
      THEN TRY_CAST("c_age" AS BIGINT)
      WHEN REGEXP_MATCHES("c_age", '^[+-]?[0-9]+[.]0+$')
      THEN TRY_CAST(REGEXP_REPLACE("c_age", '[.]0+$', '') AS BIGINT)
    END AS "age",
    "c_kind" AS "kind",
    CAST(TRY_STRPTIME(CASE WHEN REGEXP_MATCHES("c_born", '[0-9]') THEN "c_born" END, ['%Y-%m-%d']) AS DATE) AS "born",
    NOT "c_age" IS NULL AS "p_age",
    NOT "c_born" IS NULL AS "p_born",
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
          WHEN REGEXP_MATCHES("age", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("age", '<white space>')
          ELSE "age"
        END,
        ''
      ) AS "c_age",
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("kind", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("kind", '<white space>')
          ELSE "kind"
        END,
        ''
      ) AS "c_kind",
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("born", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("born", '<white space>')
          ELSE "born"
        END,
        ''
      ) AS "c_born",
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
            WHEN REGEXP_MATCHES("age", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
            THEN FALSE
            WHEN REGEXP_MATCHES("kind", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
            THEN FALSE
            WHEN REGEXP_MATCHES("born", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
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

-- violation of length:id
SELECT
  LENGTH("id") > 5;

-- violation of pattern:id
SELECT
  NOT REGEXP_MATCHES("id", '^(?:[A-Z]+)$');

-- violation of range:age
SELECT
  "age" < CAST('0' AS DOUBLE) OR "age" > CAST('150' AS DOUBLE);

-- violation of enumeration:kind
SELECT
  NOT "kind" IN ('a', 'it''s');

-- violation of not_future:born
SELECT
  CAST("born" AS DATE) > CAST('2026-07-01' AS DATE);

-- violation of row:age_of_kind
SELECT
  NOT (
    kind = 'a' OR age > 5
  );
