-- Rows are numbered as the window of an earlier model has sorted them.
-- refused by: release_indirect
-- model base.step
SELECT village, row_number() OVER (ORDER BY cost) AS r FROM raw.health__patient
-- model open.answer
SELECT village, row_number() OVER () AS n FROM base.step
