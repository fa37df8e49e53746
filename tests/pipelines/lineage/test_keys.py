"""What a query is said to give once, it gives once.

Every key is checked on random rows. The tables `k` (key: a and b), `m` (key: a) and `s` (key: c, a
text) have keys, as the gate would enforce them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from catalog.errors import CityBrainError
from pipelines.dialect import ModelDialect
from pipelines.lineage import model_lineage
from tests.support.interference import World
from tests.support.randomsql import RandomSql

SCHEMA = {"base.k": ("a", "b", "v"), "base.m": ("a", "w"), "base.n": ("a", "x")}
SCHEMA["base.s"] = ("c", "y")
KEYS = {"base.k": frozenset({"a", "b"}), "base.m": frozenset({"a"}), "base.s": frozenset({"c"})}
TYPES = {
    table: {column: "VARCHAR" if column == "c" else "BIGINT" for column in columns}
    for table, columns in SCHEMA.items()
}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    chance = random.Random(3)
    with duckdb.connect() as made:
        made.execute("CREATE SCHEMA base")
        made.execute("CREATE TABLE base.k (a BIGINT, b BIGINT, v BIGINT)")
        made.execute("CREATE TABLE base.m (a BIGINT, w BIGINT)")
        made.execute("CREATE TABLE base.n (a BIGINT, x BIGINT)")
        made.execute("CREATE TABLE base.s (c VARCHAR, y BIGINT)")
        made.execute("INSERT INTO base.s VALUES ('1', 1), ('01', 2), ('x', 3), ('X', 4), ('2', 5)")
        for a in range(6):
            made.execute("INSERT INTO base.m VALUES (?, ?)", [a, chance.randrange(3)])
            for b in range(4):
                made.execute("INSERT INTO base.k VALUES (?, ?, ?)", [a, b, chance.randrange(3)])
                made.execute("INSERT INTO base.n VALUES (?, ?)", [chance.randrange(4), b])
        yield made


def keys(con: duckdb.DuckDBPyConnection, sql: str) -> set[frozenset[str]]:
    """The keys that the lineage says a query has; each is held against the rows."""
    outputs = [str(row[0]) for row in con.execute(f"DESCRIBE {sql}").fetchall()]
    tree = sqlglot.parse_one(sql, read=ModelDialect)
    assert isinstance(tree, exp.Query)
    found = model_lineage(tree, Path("m.sql"), SCHEMA, outputs, KEYS, TYPES).keys
    for key in found:
        assert repeated(con, sql, key) == 0, key
    return set(found)


def repeated(con: duckdb.DuckDBPyConnection, sql: str, key: frozenset[str]) -> int:
    """How many keys without a missing part come twice; a rule leaves rows with a missing part alone."""
    names = ", ".join(f'"{name}"' for name in sorted(key))
    there = " AND ".join(f'"{name}" IS NOT NULL' for name in key)
    row = con.execute(
        f"SELECT count(*) FROM (SELECT {names} FROM ({sql}) AS q WHERE {there} "
        f"GROUP BY {names} HAVING count(*) > 1)"
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a, b FROM base.k", "a b"),
        ("SELECT * FROM base.k WHERE v > 0 ORDER BY v LIMIT 9", "a b"),
        ("SELECT k.b AS y, k.a AS x FROM base.k AS k", "x y"),
        ("WITH q AS (SELECT * FROM base.k) SELECT a, b FROM q", "a b"),
        ("SELECT k.*, m.w FROM base.k AS k LEFT JOIN base.m AS m ON m.a = k.a", "a b"),
        ("SELECT k.*, m.w FROM base.k AS k JOIN base.m AS m USING (a)", "a b"),
        ("SELECT b FROM base.k WHERE a = 3", "b"),
        ("SELECT b FROM base.k WHERE 3 = a AND v > 0", "b"),
        (
            "SELECT n.a, n.x, s.y FROM (SELECT DISTINCT a, x FROM base.n) AS n "
            "LEFT JOIN base.s AS s ON s.c = n.a::VARCHAR",
            "a x",
        ),
        ("SELECT k.a, k.b FROM base.m AS m JOIN base.k AS k ON k.a = m.a", "a b"),
        (
            "SELECT k.a, k.b FROM base.m AS m LEFT JOIN base.k AS k ON m.a = k.a AND m.a = k.b",
            "a b",
        ),
        ("SELECT a, sum(v) AS s FROM base.k GROUP BY a", "a"),
        ("SELECT v + 1 AS y, count(*) AS n FROM base.k GROUP BY v + 1", "y"),
        ("SELECT v AS y, count(*) AS n FROM base.k GROUP BY ALL", "y"),
        ("SELECT v % 2 AS y, count(*) AS n FROM base.k GROUP BY y", "y"),
        ("SELECT v AS y, b, count(*) AS n FROM base.k GROUP BY 1, 2", "b y"),
        ("SELECT DISTINCT v, b FROM base.k", "b v"),
        ("SELECT v, b FROM base.k UNION SELECT a, x FROM base.n", "b v"),
        ("SELECT v, b FROM base.k EXCEPT SELECT a, x FROM base.n", "b v"),
        ("SELECT a, v FROM base.k QUALIFY row_number() OVER (PARTITION BY a ORDER BY v) = 1", "a"),
        (
            "SELECT a, v FROM (SELECT *, row_number() OVER (PARTITION BY a ORDER BY v) AS nth "
            "FROM base.k) AS q WHERE nth = 1",
            "a",
        ),
        (
            "WITH g AS (SELECT n.a, n.x, row_number() OVER (PARTITION BY n.a ORDER BY x) AS nth "
            "FROM base.n AS n) SELECT k.a, k.b, g.x FROM base.k AS k "
            "LEFT JOIN g ON g.a = k.a AND g.nth = 1",
            "a b",
        ),
        (
            "SELECT m.a, g.n FROM base.m AS m JOIN (SELECT a, count(*) AS n FROM base.n GROUP BY a)"
            " AS g ON g.a = m.a",
            "a",
        ),
    ],
)
def test_a_key_is_seen(con: duckdb.DuckDBPyConnection, sql: str, expected: str) -> None:
    assert frozenset(expected.split()) in keys(con, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM base.k",
        "SELECT a % 2 AS a, b FROM base.k",
        "SELECT v AS a, b FROM base.k",
        "SELECT * REPLACE (v AS a) FROM base.k",
        "SELECT k.a, k.b FROM base.k AS k JOIN base.n AS n ON n.a = k.a",
        "SELECT k.a, k.b FROM base.k AS k, base.m AS m",
        "SELECT k.a, k.b FROM base.m AS m LEFT JOIN base.k AS k ON m.a = k.a AND m.w = k.v",
        "SELECT m.a FROM base.m AS m RIGHT JOIN base.k AS k ON m.a = k.a",
        "SELECT m.a FROM base.n AS n LEFT JOIN base.m AS m ON m.a = n.a",
        "SELECT a, b FROM base.k UNION ALL SELECT a, b FROM base.k",
        "SELECT a, unnest([1, 2]) AS u FROM base.m",
        "WITH RECURSIVE r AS (SELECT a, b FROM base.k UNION ALL "
        "SELECT a, b FROM r WHERE random() < 0) SELECT a, b FROM r",
        "SELECT b FROM base.k WHERE a = 3 OR v = 1",
        "SELECT m.a FROM base.m AS m JOIN base.k AS k ON k.a = m.a",
        "SELECT m.a, m.w FROM base.m AS m JOIN base.n AS n USING (a)",
        "SELECT m.a FROM base.m AS m JOIN base.s AS s ON s.c = m.a",
        "SELECT m.a FROM base.m AS m JOIN base.s AS s ON s.c = 'x' COLLATE NOCASE",
        "SELECT m.a FROM base.m AS m JOIN base.s AS s ON s.c = lower('X' COLLATE NOCASE)",
        "SELECT m.a FROM base.m AS m JOIN base.s AS s ON s.c COLLATE NOCASE = 'x'",
        "SELECT m.a FROM base.m AS m JOIN (SELECT c COLLATE NOCASE AS c FROM base.s) AS s "
        "ON s.c = 'x'",
        "SELECT m.a FROM (SELECT a, a AS c FROM base.m) AS m JOIN base.s AS s USING (c)",
        "SELECT y FROM (SELECT y, c, 1 AS one FROM base.s GROUP BY ALL) AS s WHERE c = 1",
        "SELECT m.a FROM base.m AS m JOIN base.s AS s ON s.c::BIGINT = m.a",
        "SELECT b FROM base.k WHERE a = v",
        "SELECT b FROM base.k WHERE NOT a = 3",
        "SELECT v, count(*) AS n FROM base.k GROUP BY ROLLUP (v), b",
        "SELECT v, count(*) AS n FROM base.k GROUP BY v, b",
        "SELECT a, rank() OVER (PARTITION BY a ORDER BY v) AS nth FROM base.k",
        "SELECT a FROM base.k QUALIFY row_number() OVER (PARTITION BY a ORDER BY v) < 3",
        "SELECT a FROM base.k QUALIFY row_number() OVER (PARTITION BY b ORDER BY v) = 1",
        "SELECT v, a FROM base.k QUALIFY rank() OVER (PARTITION BY a ORDER BY v) = 1",
        "SELECT l.x FROM base.m AS m, LATERAL (SELECT x FROM base.n AS n WHERE n.a = m.a) AS l",
    ],
)
def test_what_is_none_is_not_said_to_be_one(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert keys(con, sql) == set()


def test_the_keys_of_random_queries_hold() -> None:
    world, found = World(5), 0
    for seed in range(400):
        sql = RandomSql(50_000 + seed).query()
        try:
            lineage = world.lineage(sql)
            for key in lineage.keys:
                assert repeated(world.con, sql, key) == 0, (sql, key)
                found += 1
        except duckdb.Error as error:
            world.forgive(error)
        except CityBrainError:
            continue
    world.con.close()
    assert found > 50, "too few of the queries have keys"
