-- WHERE means the column, although the alias of that name is public.
-- refused by: release_indirect
SELECT village AS hiv FROM raw.health__patient WHERE hiv
