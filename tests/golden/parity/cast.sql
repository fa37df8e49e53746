-- Casts: what rounds, what truncates, and what cannot be read.
-- a DECIMAL as a whole number rounds halves away from zero
SELECT id, CAST(m AS INTEGER) AS a, CAST(k AS BIGINT) AS b, m::INT AS c, TRY_CAST(m AS BIGINT) AS d FROM raw.number WHERE abs(m) < 1000000 OR m IS NULL
-- a DOUBLE as a whole number rounds halves to even
SELECT id, CAST(d AS BIGINT) AS a, CAST(d AS INTEGER) AS b, TRY_CAST(d AS INTEGER) AS c FROM raw.number WHERE abs(d) < 1e9 OR d IS NULL
-- a DOUBLE as a DECIMAL
SELECT id, CAST(d AS DECIMAL(18,2)) AS a, CAST(d AS DECIMAL(12,1)) AS b, CAST(d AS DECIMAL(28,6)) AS c, CAST(d AS DECIMAL(18,0)) AS e FROM raw.number WHERE abs(d) < 1e9 OR d IS NULL
-- small numbers keep every digit of a wide DECIMAL
SELECT id, CAST(CAST(1 AS DOUBLE) / j AS DECIMAL(38,30)) AS a FROM raw.number WHERE j > 0
-- decimals among themselves
SELECT id, CAST(m AS DECIMAL(18,2)) AS a, CAST(k AS DECIMAL(18,4)) AS b, CAST(i AS DECIMAL(12,2)) AS c, m::DOUBLE AS d FROM raw.number
-- numbers among themselves
SELECT id, CAST(i AS BIGINT) AS a, CAST(i AS DOUBLE) AS b, CAST(j AS HUGEINT) AS c, TRY_CAST(j AS INTEGER) AS d, CAST(i > 0 AS INTEGER) AS e FROM raw.number
-- numbers as text
SELECT id, CAST(i AS VARCHAR) AS a, CAST(j AS VARCHAR) AS b, m::VARCHAR AS c, CAST(i > 0 AS VARCHAR) AS d FROM raw.number
-- text as a whole number
SELECT id, TRY_CAST(x AS INTEGER) AS a, TRY_CAST(x AS BIGINT) AS b FROM raw.reading WHERE kind = 'number'
-- text as a fraction
SELECT id, TRY_CAST(x AS DOUBLE) AS a, TRY_CAST(x AS DECIMAL(12,2)) AS b FROM raw.reading WHERE kind = 'number'
-- text that must be a number
SELECT id, CAST(x AS INTEGER) AS a, CAST(x AS DOUBLE) AS b, CAST(x AS DECIMAL(12,2)) AS c FROM raw.reading WHERE kind = 'sound'
-- text as a day
SELECT id, TRY_CAST(x AS DATE) AS a FROM raw.reading WHERE kind = 'day'
-- text that must be a day
SELECT id, CAST(x AS DATE) AS a FROM raw.reading WHERE kind = 'sound day'
-- text as a moment
SELECT id, TRY_CAST(x AS TIMESTAMP) AS a FROM raw.reading WHERE kind = 'moment'
-- days and moments
SELECT id, CAST(s AS DATE) AS a, CAST(d AS TIMESTAMP) AS b, CAST(d AS VARCHAR) AS c, s::VARCHAR AS e FROM raw.time
-- written values
SELECT DATE '2026-02-28' AS a, TIMESTAMP '2026-02-28 10:11:12.5' AS b, 1.50 AS c, 1e3 AS d, 'it''s \n' AS e, TRUE AS f, NULL AS g, 9223372036854775807 AS h, 0.5 AS i, CAST('7' AS INTEGER) AS j
