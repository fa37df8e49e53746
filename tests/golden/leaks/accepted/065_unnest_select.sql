-- Tags as rows.
SELECT school, unnest(string_split(tags, ';')) AS tag FROM raw.city__school
