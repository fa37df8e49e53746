-- Tags as rows, counted.
SELECT t.tag, count(*) AS n FROM raw.city__school AS s, unnest(string_split(s.tags, ';')) AS t(tag) GROUP BY t.tag
