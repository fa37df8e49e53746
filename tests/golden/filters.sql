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
      - {name: a, logicalType: string}
      - {name: b, logicalType: string}
customProperties:
  - property: filters
    value:
      - {name: second_header, when: "a = 'A'"}
      - {name: again, duplicates: all}
*/

-- staging
SELECT
  "a",
  "b",
  _source_file,
  _source_line,
  _load_id,
  CAST(CASE WHEN NOT _malformed IS NULL THEN 1 ELSE 0 END AS BIGINT) AS _m0,
  _filter
FROM (
  SELECT
    "c_a" AS "a",
    "c_b" AS "b",
    _source_file,
    _source_line,
    _load_id,
    _malformed,
    _filter
  FROM (
    SELECT
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("a", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("a", '<white space>')
          ELSE "a"
        END,
        ''
      ) AS "c_a",
      NULLIF(
        CASE
          WHEN REGEXP_MATCHES("b", '^[\s\x0b\x{00a0}\x{3000}\x{feff}]|[\s\x0b\x{00a0}\x{3000}\x{feff}]$')
          THEN TRIM("b", '<white space>')
          ELSE "b"
        END,
        ''
      ) AS "c_b",
      _source_file,
      _source_line,
      _load_id,
      _malformed,
      _filter
    FROM (
      SELECT
        *
        EXCLUDE (_filter, _nth),
        CASE WHEN NOT _filter IS NULL THEN _filter WHEN _nth > 1 THEN 'again' END AS _filter
      FROM (
        SELECT
          *,
          ROW_NUMBER() OVER (
            PARTITION BY _filter, "a", "b", _malformed, _raw
            ORDER BY _source_file, _source_line
          ) AS _nth
        FROM (
          SELECT
            *
            EXCLUDE (_blank),
            CASE WHEN _blank THEN 'blank_row' WHEN a = 'A' THEN 'second_header' END AS _filter
          FROM (
            SELECT
              *,
              CASE
                WHEN NOT _malformed IS NULL
                THEN FALSE
                WHEN REGEXP_MATCHES("a", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
                THEN FALSE
                WHEN REGEXP_MATCHES("b", '[^\s\x0b\x{00a0}\x{3000}\x{feff}]')
                THEN FALSE
                ELSE TRUE
              END AS _blank
            FROM received
          ) AS filled
        ) AS flagged
      ) AS numbered
    ) AS published
  ) AS cleaned
) AS typed;
