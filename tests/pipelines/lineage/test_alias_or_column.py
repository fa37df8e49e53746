"""A name that is a column and an alias: the one that DuckDB takes, and only that one.

That none is missing is proved by running the query; that none is too many by the edges.
"""

from __future__ import annotations

import duckdb
import pytest

from catalog.lineage import ROW
from tests.support.interference import World

# In every query `c AS a` hides the column a, or `a` stands for both; LIMIT makes an order tell.
CASES = {
    "the select list": ("SELECT c AS a, a AS z FROM raw.t", "z", "a"),
    "an expression of the select list": ("SELECT c AS a, a + 1 AS z FROM raw.t", "z", "a"),
    "a name that is no column": ("SELECT c AS q, q + 1 AS z FROM raw.t", "z", "c"),
    "a subquery of the select list": ("SELECT c AS a, (SELECT a) AS z FROM raw.t", "z", "a"),
    "a subquery and no column": ("SELECT c AS q, (SELECT q) AS z FROM raw.t", "z", "c"),
    "a lambda": ("SELECT c AS a, list_transform([1], lambda i: i + a) AS z FROM raw.t", "z", "a"),
    "an aggregate": ("SELECT c AS a, sum(a) OVER () AS z FROM raw.t", "z", "a"),
    "an aggregate's filter": (
        "SELECT 1 AS a, count(*) FILTER (WHERE a > c) AS z FROM raw.t GROUP BY ALL",
        "z",
        "a c",
    ),
    "where": ("SELECT c AS a FROM raw.t WHERE a > 1", ROW, "a"),
    "where, no column": ("SELECT c AS q FROM raw.t WHERE q > 1", ROW, "c"),
    "where, in a subquery": (
        "SELECT c AS a FROM raw.t WHERE EXISTS (SELECT 1 FROM raw.u WHERE w < a)",
        ROW,
        "a",
    ),
    "an inner alias before an outer column": (
        "SELECT (SELECT max(x) FROM (SELECT w AS x FROM raw.u) AS q WHERE x > 0) AS z, c AS x FROM raw.t",
        "z",
        "",
    ),
    "group by": ("SELECT max(c) AS a, count(*) AS n FROM raw.t GROUP BY a", ROW, "a"),
    "group by, in brackets": ("SELECT max(c) AS a FROM raw.t GROUP BY (a)", ROW, "a"),
    "group by, no column": ("SELECT c + 1 AS q, count(*) AS n FROM raw.t GROUP BY q", ROW, "c"),
    "rollup": ("SELECT max(c) AS a FROM raw.t GROUP BY ROLLUP (a)", ROW, "a"),
    "having": ("SELECT b, max(c) AS a FROM raw.t GROUP BY b HAVING a > 1", ROW, "c"),
    "having, in an expression": ("SELECT b, max(c) AS a FROM raw.t GROUP BY b HAVING -a < 1", ROW, "c"),
    "having, in an aggregate": (
        "SELECT b, max(c) AS a FROM raw.t GROUP BY b HAVING max(a) > 1",
        ROW,
        "a c",
    ),
    "having, a group key": (
        "SELECT a AS q, max(c) AS a FROM raw.t GROUP BY raw.t.a HAVING a > 1",
        ROW,
        "a c",
    ),
    "having, a group key's name elsewhere": (
        "SELECT a + c AS q, count(*) AS a FROM raw.t GROUP BY q HAVING a > 1",
        ROW,
        "a c",
    ),
    "having without groups": ("SELECT max(c) AS a FROM raw.t HAVING a > 1", ROW, "c"),
    "qualify": (
        "SELECT c AS a FROM raw.t QUALIFY rank() OVER (ORDER BY a) <= 2",
        ROW,
        "a",
    ),
    "a window": ("SELECT c AS a, rank() OVER (ORDER BY a) AS z FROM raw.t", "z", "a"),
    "a named window": (
        "SELECT c AS a, rank() OVER w AS z FROM raw.t WINDOW w AS (ORDER BY a)",
        "z",
        "a",
    ),
    "order by": ("SELECT c AS a FROM raw.t ORDER BY a LIMIT 2", ROW, "c"),
    "order by, in brackets": ("SELECT c AS a FROM raw.t ORDER BY ((a)) DESC LIMIT 2", ROW, "c"),
    "order by an expression": ("SELECT c AS a FROM raw.t ORDER BY -a LIMIT 2", ROW, "a"),
    "order by a cast": ("SELECT c AS a FROM raw.t ORDER BY a::INT LIMIT 2", ROW, "a"),
    "order by a row": ("SELECT c AS a FROM raw.t ORDER BY (a, b) LIMIT 2", ROW, "a"),
    "order by a qualified name": ("SELECT c AS a FROM raw.t AS t ORDER BY t.a LIMIT 2", ROW, "a"),
    "order by a subquery": ("SELECT c AS a FROM raw.t ORDER BY (SELECT a) LIMIT 2", ROW, "a"),
    "order by an expression, no column": ("SELECT c AS q FROM raw.t ORDER BY -q LIMIT 2", ROW, "c"),
    "order by behind brackets": ("(SELECT c AS a FROM raw.t) ORDER BY a LIMIT 2", ROW, "c"),
    "order by an expression behind brackets": (
        "(SELECT c AS a FROM raw.t) ORDER BY -a LIMIT 2",
        ROW,
        "a",
    ),
    "order by a hidden column behind brackets": (
        "((SELECT c AS q FROM raw.t)) ORDER BY a LIMIT 2",
        ROW,
        "a",
    ),
    "order of a subquery in brackets": (
        "SELECT q FROM ((SELECT c AS q FROM raw.t) ORDER BY a LIMIT 2)",
        ROW,
        "a",
    ),
    "order by a side's name": (
        "SELECT w AS x, w AS y FROM raw.u UNION ALL SELECT 1, c AS a FROM raw.t ORDER BY a LIMIT 3",
        ROW,
        "c",
    ),
    "distinct on": ("SELECT DISTINCT ON (a) c - c AS a, d FROM raw.t", ROW, "c"),
    "distinct on an expression": ("SELECT DISTINCT ON (-a) c - c AS a, d FROM raw.t", ROW, "a"),
}  # fmt: skip
UNNAMED = {
    "an alias named as an unnamed column": 'SELECT d AS "max(a)", "max(a)" AS z FROM (SELECT max(a), d FROM raw.t GROUP BY d)',
    "the same in a filter": 'SELECT d AS "max(a)" FROM (SELECT max(a), d FROM raw.t GROUP BY d) WHERE "max(a)" > 1',
    "an outer column named so": (
        'SELECT (SELECT max("max(a)") FROM (SELECT max(a) FROM raw.t)) AS z FROM '
        '(SELECT w AS "max(a)" FROM raw.u)'
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "about", "read"), CASES.values(), ids=CASES.keys())
def test_the_name_means_what_the_engine_takes(
    sql: str, about: str, read: str, worlds: list[World]
) -> None:
    for world in worlds:
        leak = world.leak(sql)
        assert leak is None, f"{leak}\n    {sql}"
    lineage = worlds[0].lineage(sql)
    edges = lineage.rows if about == ROW else lineage.columns[about]
    assert {e.column for e in edges if e.table == "raw.t"} & {"a", "c"} == set(read.split())


@pytest.mark.parametrize("sql", UNNAMED.values(), ids=UNNAMED.keys())
def test_an_expression_without_a_name_is_not_hidden_by_an_alias(
    sql: str, worlds: list[World]
) -> None:
    for world in worlds:
        try:
            assert world.leak(sql) is None, sql
        except duckdb.Error as error:
            world.forgive(error)
    assert "a" in {e.column for edges in worlds[0].lineage(sql).columns.values() for e in edges} | {
        e.column for e in worlds[0].lineage(sql).rows
    }
