"""What is proven to need a part of its inputs alone needs no more: changed rows of other parts change
nothing; and what may need more is refused with its place."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from pipelines.dialect import ModelDialect
from pipelines.incremental.locality import Local, prove
from pipelines.incremental.scans import NotLocal
from tests.support.city import City

SCHEMA = {
    "raw.a": {"id": "BIGINT", "k": "VARCHAR", "day": "DATE", "ts": "TIMESTAMP", "x": "BIGINT"},
    "raw.b": {"id": "BIGINT", "k": "VARCHAR", "day": "DATE", "y": "BIGINT", "w": "DOUBLE"},
    "raw.c": {"k": "VARCHAR", "day": "DATE", "text_day": "VARCHAR", "z": "BIGINT"},
    "raw.dim": {"k": "VARCHAR", "name": "VARCHAR"},
}
WINDOW = (
    "sum(x) OVER (PARTITION BY k ORDER BY day RANGE BETWEEN INTERVAL {} PRECEDING AND CURRENT ROW)"
)

BY_MONTH = [
    "SELECT day, x FROM raw.a",
    "SELECT day, * EXCLUDE (day) FROM raw.a",
    "SELECT CAST(ts AS DATE) AS day, x FROM raw.a",
    "SELECT CAST(date_trunc('month', a.day) AS DATE) AS day, k, count(*) AS n FROM raw.a AS a GROUP BY ALL",
    "SELECT day, count(DISTINCT k) AS n FROM raw.a GROUP BY day HAVING count(*) > 1",
    "SELECT DISTINCT day, k FROM raw.a",
    "SELECT DISTINCT ON (day) day, k, x FROM raw.a ORDER BY x",
    "SELECT a.day, b.y FROM raw.a AS a JOIN raw.b AS b ON a.day = b.day AND a.k = b.k",
    "SELECT a.day, b.y FROM raw.a AS a JOIN raw.b AS b ON date_trunc('month', a.day) = "
    "date_trunc('month', b.day)",
    "SELECT a.day, b.y FROM raw.a AS a LEFT JOIN raw.b AS b ON a.day = b.day AND a.k = b.k",
    "SELECT b.day, a.x FROM raw.a AS a RIGHT JOIN raw.b AS b ON a.day = b.day AND a.k = b.k",
    "SELECT a.day, a.x FROM raw.a AS a SEMI JOIN raw.b AS b ON a.day = b.day",
    "SELECT a.day, a.x FROM raw.a AS a ANTI JOIN raw.b AS b ON a.day = b.day AND a.k = b.k",
    "SELECT a.day, b.y FROM raw.a AS a, raw.b AS b WHERE a.k = b.k AND b.day = a.day",
    "SELECT day, a.x, b.y FROM raw.a AS a JOIN raw.b AS b USING (day, k)",
    "SELECT a.day, d.name FROM raw.a AS a LEFT JOIN raw.dim AS d ON d.k = a.k",
    "SELECT a.day, (SELECT max(name) FROM raw.dim AS d WHERE d.k = a.k) AS name FROM raw.a AS a",
    "WITH m AS (SELECT day, k, sum(x) AS s FROM raw.a GROUP BY day, k) SELECT m.day, m.s, b.y FROM m "
    "JOIN raw.b AS b ON b.day = m.day AND b.k = m.k",
    "WITH m AS (SELECT * FROM raw.a) SELECT one.day, other.x FROM m AS one JOIN m AS other "
    "ON one.day = other.day",
    "SELECT a.day, b.y, c.z FROM raw.a AS a LEFT JOIN raw.b AS b ON b.day = a.day LEFT JOIN raw.c AS c "
    "ON c.day = a.day AND c.k = b.k",
    "SELECT a.day, b.y, c.z FROM raw.a AS a LEFT JOIN raw.b AS b ON b.day = a.day AND b.k = a.k "
    "LEFT JOIN raw.c AS c ON c.day = b.day",
    "SELECT day, sum(x) OVER (PARTITION BY k, date_trunc('month', day) ORDER BY id) AS r FROM raw.a",
    "SELECT day, x FROM raw.a QUALIFY row_number() OVER (PARTITION BY day ORDER BY x, id) = 1",
    "SELECT day, rank() OVER w AS r FROM raw.a WINDOW w AS (PARTITION BY day ORDER BY x)",
    "SELECT day, x FROM raw.a UNION ALL SELECT day, y FROM raw.b",
    "SELECT day, k FROM raw.a EXCEPT SELECT day, k FROM raw.b",
    "SELECT day, k FROM raw.a INTERSECT SELECT day, k FROM raw.b",
    "SELECT d AS day, s FROM (SELECT day, sum(x) FROM raw.a GROUP BY day) AS t(d, s)",
    "SELECT day, unnest([x, id]) AS v FROM raw.a",
]
NOT_BY_MONTH = [
    ("SELECT max(day) AS day FROM raw.a", "group"),
    ("SELECT max(day) AS day, k FROM raw.a GROUP BY k", "group"),
    ("SELECT any_value(day) AS day, product(x) AS p FROM raw.a", "group"),
    ("SELECT day + INTERVAL 1 MONTH AS day FROM raw.a", "another"),
    ("SELECT CAST(date_trunc('week', day) AS DATE) AS day FROM raw.a", "another"),
    ("SELECT CAST(date_trunc('quarter', day) AS DATE) AS day FROM raw.a", "another"),
    ("SELECT coalesce(day, DATE '2024-01-01') AS day FROM raw.a", "another"),
    ("SELECT CAST(text_day AS DATE) AS day FROM raw.c", "another"),
    ("SELECT day, x FROM raw.a LIMIT 3", "LIMIT"),
    ("SELECT day FROM (SELECT day FROM raw.a ORDER BY x LIMIT 3)", "LIMIT"),
    ("SELECT day, x FROM raw.a WHERE x > (SELECT avg(y) FROM raw.b)", "subquery"),
    ("SELECT day, x FROM raw.a WHERE k IN (SELECT k FROM raw.b)", "subquery"),
    ("WITH m AS (SELECT k FROM raw.b) SELECT day FROM raw.a WHERE k IN (FROM m)", "subquery"),
    ("SELECT a.day, b.y FROM raw.a AS a JOIN raw.b AS b ON a.k = b.k", "another"),
    ("SELECT a.day, b.y FROM raw.a AS a, raw.b AS b", "another"),
    ("SELECT a.day, c.x FROM raw.a AS a JOIN raw.a AS c ON a.id = c.id", "another"),
    ("SELECT b.day, a.x FROM raw.a AS a LEFT JOIN raw.b AS b ON a.day = b.day", "another"),
    (
        "SELECT a.day, b.y FROM raw.a AS a LEFT JOIN raw.b AS b ON a.day = b.day OR a.k = b.k",
        "another",
    ),
    ("SELECT day, a.x FROM raw.a AS a FULL JOIN raw.b AS b USING (day)", "another"),
    # The condition of an outer join does not hold for the rows of the other two.
    (
        "SELECT a.day, b.y FROM raw.a AS a CROSS JOIN raw.b AS b LEFT JOIN raw.dim AS d "
        "ON a.day = b.day AND d.k = a.k",
        "another",
    ),
    (
        "SELECT a.day, c.z FROM raw.a AS a JOIN raw.c AS c ON CAST(c.text_day AS DATE) = a.day",
        "another",
    ),
    ("SELECT day, sum(x) OVER (ORDER BY day) AS r FROM raw.a", "window"),
    ("SELECT day, lag(x) OVER (PARTITION BY k ORDER BY day) AS r FROM raw.a", "window"),
    (
        "SELECT day, x FROM raw.a QUALIFY row_number() OVER (PARTITION BY k ORDER BY day) = 1",
        "window",
    ),
    ("SELECT DISTINCT ON (k) day, k FROM raw.a ORDER BY day", "DISTINCT ON"),
    ("SELECT day, k, count(*) AS n FROM raw.a GROUP BY ROLLUP (day, k)", "grouping sets"),
    ("SELECT day, x FROM raw.a UNION ALL SELECT max(day), max(y) FROM raw.b", "group"),
    ("SELECT day FROM raw.a UNION ALL (SELECT day FROM raw.b LIMIT 1)", "LIMIT"),
    ("SELECT day, x FROM raw.a ASOF JOIN raw.b USING (k, day)", "join"),
    ("SELECT a.day, b.y FROM raw.a AS a POSITIONAL JOIN raw.b AS b", "join"),
    ("SELECT * FROM raw.a USING SAMPLE 3", "SAMPLE"),
]
BY_KEY = [
    "SELECT k, count(*) AS n FROM raw.a GROUP BY k",
    "SELECT a.k, sum(a.x) AS s, max(b.y) AS y FROM raw.a AS a LEFT JOIN raw.b AS b ON a.k = b.k GROUP BY a.k",
    "SELECT k, arg_max(x, day ORDER BY id) AS x FROM raw.a GROUP BY k",
    "SELECT * FROM raw.a QUALIFY row_number() OVER (PARTITION BY k ORDER BY day DESC, id) = 1",
    "SELECT k, lag(x) OVER (PARTITION BY k ORDER BY id) AS before FROM raw.a",
    "SELECT a.k, d.name, count(*) AS n FROM raw.a AS a JOIN raw.dim AS d ON d.k = a.k GROUP BY ALL",
]
NOT_BY_KEY = [
    ("SELECT upper(k) AS k, count(*) AS n FROM raw.a GROUP BY 1", "group"),
    ("SELECT k, count(*) * 1.0 / sum(count(*)) OVER () AS share FROM raw.a GROUP BY k", "window"),
    ("SELECT k, rank() OVER (ORDER BY sum(x)) AS r FROM raw.a GROUP BY k", "window"),
]


def proof(sql: str, columns: dict[str, str], grain: str | None, lookback: int = 0) -> Local:
    tree = sqlglot.parse_one(sql, read=ModelDialect)
    tables = {f"{t.db}.{t.name}" for t in tree.find_all(exp.Table) if t.db and t.name != "dim"}
    return prove(tree, SCHEMA, tables, columns, grain, lookback)  # type: ignore[arg-type]


@pytest.mark.parametrize("sql", BY_MONTH)
def test_a_month_needs_its_month(sql: str) -> None:
    local = proof(sql, {"day": "DATE"}, "month")
    _undisturbed(sql, local, "CAST(date_trunc('month', {}) AS DATE)")


@pytest.mark.parametrize(("sql", "why"), NOT_BY_MONTH)
def test_what_may_need_more_than_its_month(sql: str, why: str) -> None:
    with pytest.raises(NotLocal) as caught:
        proof(sql, {"day": "DATE"}, "month")
    assert why in caught.value.reason


@pytest.mark.parametrize("sql", BY_KEY)
def test_a_key_needs_its_key(sql: str) -> None:
    _undisturbed(sql, proof(sql, {"k": "VARCHAR"}, None), "{}")


@pytest.mark.parametrize(("sql", "why"), NOT_BY_KEY)
def test_what_may_need_more_than_its_key(sql: str, why: str) -> None:
    with pytest.raises(NotLocal) as caught:
        proof(sql, {"k": "VARCHAR"}, None)
    assert why in caught.value.reason


def test_keys_of_two_types_can_be_equal_and_not_the_same() -> None:
    sql = "SELECT a.k, b.y FROM raw.a AS a JOIN raw.b AS b ON a.k = b.id"
    with pytest.raises(NotLocal):
        proof(sql, {"k": "VARCHAR"}, None)


@pytest.mark.parametrize(
    ("interval", "grain", "back"),
    [
        ("3 DAY", "day", 3),
        ("1 WEEK", "day", 7),
        ("1 MONTH", "day", 31),
        ("28 DAY", "month", 1),
        ("29 DAY", "month", 2),
        ("2 MONTH", "month", 2),
        ("1 YEAR", "month", 12),
        ("13 MONTH", "year", 2),
    ],
)
def test_a_window_reaches_as_far_back_as_it_says(interval: str, grain: str, back: int) -> None:
    sql = f"SELECT day, {WINDOW.format(f'INTERVAL {interval}').replace('INTERVAL INTERVAL', 'INTERVAL')} AS s FROM raw.a"
    with pytest.raises(NotLocal, match="back"):
        proof(sql, {"day": "DATE"}, grain, back - 1)
    local = proof(sql, {"day": "DATE"}, grain, back)
    assert local.inputs == {"raw.a": ("day",)}
    _undisturbed(sql, local, f"CAST(date_trunc('{grain}', {{}}) AS DATE)", (grain, back))


def test_windows_over_windows_reach_back_twice() -> None:
    inner = WINDOW.format("3 DAY")
    sql = f"SELECT day, {inner} AS x FROM (SELECT k, day, {inner} AS x FROM raw.a) AS w"
    with pytest.raises(NotLocal, match="6 periods back"):
        proof(sql, {"day": "DATE"}, "day", 5)
    assert proof(sql, {"day": "DATE"}, "day", 6)


@pytest.mark.parametrize(
    "frame",
    [
        "ROWS BETWEEN 3 PRECEDING AND CURRENT ROW",
        "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
        "RANGE BETWEEN INTERVAL 3 DAY PRECEDING AND INTERVAL 1 DAY FOLLOWING",
    ],
)
def test_a_frame_without_a_fixed_range_is_refused(frame: str) -> None:
    sql = f"SELECT day, sum(x) OVER (PARTITION BY k ORDER BY day {frame}) AS s FROM raw.a"
    with pytest.raises(NotLocal, match="window"):
        proof(sql, {"day": "DATE"}, "day", 100)


def _fill(con: Any, chance: random.Random) -> None:
    for table, columns in SCHEMA.items():
        values = {
            "BIGINT": lambda: chance.choice([None, *range(4)]),
            "DOUBLE": lambda: chance.random(),
            "DATE": lambda: chance.choice(
                [None, *(f"2024-0{1 + n // 3}-{1 + 13 * (n % 3):02d}" for n in range(9))]
            ),
            "TIMESTAMP": lambda: chance.choice(
                [None, *(f"2024-0{n}-28 23:59:59" for n in range(1, 5))]
            ),
            "VARCHAR": lambda: chance.choice([None, "a", "b", "2024-02-01"]),
        }
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        con.execute(f"CREATE TABLE {table} ({listed})")
        rows = [[values[kind]() for kind in columns.values()] for _ in range(30)]
        marks = f"({', '.join('?' * len(columns))})"
        flat = [value for row in rows for value in row]
        con.execute(f"INSERT INTO {table} VALUES {', '.join([marks] * len(rows))}", flat)


def _undisturbed(sql: str, local: Local, part: str, back: tuple[str, int] | None = None) -> None:
    """Rows of other parts are taken away and put in: those of one part stay what they are."""
    chance = random.Random(sql)
    name = local.columns[0]
    for _ in range(4):
        with duckdb.connect(":memory:") as con:
            con.execute("CREATE SCHEMA raw")
            _fill(con, chance)
            own = part.format(f"m.{name}")
            before = con.execute(f"SELECT * FROM ({sql}) AS m").fetchall()
            parts = con.execute(f"SELECT DISTINCT {own} FROM ({sql}) AS m").fetchall()
            if not parts:
                continue
            (chosen,) = chance.choice(parts)
            shown = f"SELECT * FROM ({sql}) AS m WHERE {own} IS NOT DISTINCT FROM $part"
            expected = _sorted(con.execute(shown, {"part": chosen}).fetchall())
            assert expected or not before
            for table, columns in local.inputs.items():
                theirs = part.format(columns[0])
                other = f"({theirs}) IS DISTINCT FROM $part"
                if back is not None:
                    grain, periods = back
                    other += (
                        f" AND (({theirs}) IS NULL OR NOT ({theirs}) BETWEEN "
                        f"CAST($part AS DATE) - INTERVAL {periods} {grain} AND CAST($part AS DATE))"
                    )
                con.execute(
                    f"DELETE FROM {table} WHERE {other} AND random() < 0.6", {"part": chosen}
                )
                con.execute(
                    f"INSERT INTO {table} SELECT * FROM {table} WHERE {other} AND random() < 0.6",
                    {"part": chosen},
                )
            assert _sorted(con.execute(shown, {"part": chosen}).fetchall()) == expected, (
                sql,
                chosen,
            )


def _sorted(rows: Sequence[Any]) -> list[Any]:
    return sorted(rows, key=repr)


# -- as a user meets it -----------------------------------------------------------------------------


def test_the_compiler_says_where_a_model_needs_more(city: City) -> None:
    city.collected(
        "trade/sale",
        "- {name: id, logicalType: integer, primaryKey: true, classification: L1}\n"
        "- {name: day, logicalType: date, classification: L1}",
    )
    city.model(
        "thematic.lately",
        "SELECT id, day,\n  lag(day) OVER (ORDER BY day, id) AS before\nFROM raw.trade__sale",
        "- {name: id, logicalType: integer}\n- {name: day, logicalType: date}\n"
        "- {name: before, logicalType: date}",
        custom="- {property: materialisation, value: {kind: incremental_by_time, time: day}}",
    )
    (problem,) = city.problems()
    assert problem.code == "materialisation_not_local"
    assert problem.where is not None
    assert (problem.where.path.name, problem.where.line) == ("lately.sql", 2)
    assert "a window may see rows of several parts" in str(problem)
