-- Cut to pieces in one model, put together again in the next.
-- refused by: release_ceiling
-- model base.step
SELECT village, left(phone, 3) AS a, substr(phone, 4, 4) AS b, right(phone, 4) AS c FROM raw.health__patient
-- model open.answer
SELECT village, a || b || c AS code FROM base.step
