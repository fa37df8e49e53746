-- Unnested in FROM.
-- refused by: release_ceiling
SELECT p.village, t.tag FROM raw.health__patient AS p, unnest(string_split(p.tags, ';')) AS t(tag)
