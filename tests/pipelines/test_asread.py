"""What the engine reads as a column must be a name in the tree that lineage is traced over."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot

from pipelines.asread import as_read, refuse_lost_columns
from pipelines.dialect import ModelDialect
from pipelines.errors import PipelineError


def refused(sql: str) -> PipelineError | None:
    try:
        refuse_lost_columns(sql, sqlglot.parse_one(sql, read=ModelDialect), Path("m.sql"))
    except PipelineError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("text[1]", "text"),
        ("json['a']", "json"),
        ("string[1] || 'x'", "string"),
        ("list_sum([date[2]])", "date"),
        ("x[uuid[1]]", "uuid"),
        ("current_catalog", "current_catalog"),
        ("upper(session_user)", "session_user"),
        ("interval + 1", "interval"),
        ("CASE WHEN time[1] = 'a' THEN 1 END", "time"),
    ],
)
def test_a_column_that_the_parser_takes_for_something_else(expression: str, name: str) -> None:
    found = refused(f"SELECT '町' AS a,\n  {expression} AS x FROM t")
    assert found is not None
    assert found.code == "lineage_unresolved"
    assert (found.where and found.where.line, found.fields["part"]) == (2, name)


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "text"[1], "中"[1], \'中\' || t."interval" FROM t',
        "SELECT text, date, t.json, interval FROM t",
        "SELECT cast(x AS TEXT[]), x::DECIMAL(10, 2), DATE '2026-01-01', INTERVAL 1 DAY FROM t",
        "SELECT extract(year FROM d), date_trunc('month', d), INTERVAL (n) DAY FROM t",
        "SELECT list_transform(l, lambda u: u + x), [z + y FOR z IN l IF z > 1], {'k': v}.k FROM t",
        "SELECT count(*) FILTER (WHERE a), sum(x) OVER w FROM t WINDOW w AS (ORDER BY y)",
        "SELECT a.*, #1, x AS y FROM t AS a JOIN s USING (k) GROUP BY ALL ORDER BY y",
    ],
)
def test_what_both_read_alike(sql: str) -> None:
    assert refused(sql) is None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM t",
        "SELECT #1 FROM t",
        "SELECT a FROM t NATURAL JOIN s",
        "SELECT a FROM t AS s(a, b)",
        "SELECT a FROM (SELECT b FROM t) AS s(a)",
        "WITH w(a) AS (SELECT b FROM t) SELECT a FROM w",
        "SELECT columns('x.*') FROM t",
    ],
)
def test_where_not_every_column_is_named(sql: str) -> None:
    read = as_read(sql)
    assert read is not None
    assert not read.named


def test_the_names_of_a_query() -> None:
    read = as_read(
        "WITH w AS (SELECT a.b AS c FROM t AS a) SELECT count(*), w.c FROM w JOIN s USING (K) WHERE d"
    )
    assert read is not None
    assert read.named
    assert {parts for _, parts in read.columns} == {("a", "b"), ("w", "c"), ("d",)}
    assert (read.using, read.labels, read.tables) == ({"k"}, {"c"}, {"w", "s", "t", "a"})


def test_what_the_engine_does_not_say() -> None:
    assert as_read("SELECT FROM") is None
    assert as_read("DELETE FROM t") is None
