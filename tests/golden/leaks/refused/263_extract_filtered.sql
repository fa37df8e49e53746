-- Below the ceiling, but chosen by something above it.
-- refused by: release_indirect
-- release: {channel: extract, kind: records}
-- model fusion.answer
SELECT village, age FROM raw.health__patient WHERE diagnosis = 'B24'
