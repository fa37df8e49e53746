-- A series of dates to count by (unnest of it is accepted).
SELECT g.d::DATE AS d, count(s.opened) AS open FROM generate_series(DATE '2000-01-01', DATE '2003-01-01', INTERVAL 1 YEAR) g(d) LEFT JOIN raw.city__school s ON s.opened <= g.d GROUP BY 1
