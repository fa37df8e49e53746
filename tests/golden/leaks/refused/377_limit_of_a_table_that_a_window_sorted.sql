-- The table lies as the window has sorted it; LIMIT takes the first.
-- refused by: release_indirect
-- model base.step
SELECT village, row_number() OVER (ORDER BY cost DESC) AS r FROM raw.health__patient
-- model fusion.step
SELECT village FROM base.step
-- model open.answer
SELECT village FROM fusion.step LIMIT 3
