"""DuckDB and Spark give the same rows: every function and form, every lawful model, every city.

The allow-list of functions is made from the cases in `tests/golden/parity`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from pipelines.functions import not_portable, uses
from pipelines.masking import KeyRing
from pipelines.spark.casts import (
    _BLANK,
    _DAY,
    _DECIMAL,
    _DOUBLE,
    _ODD_DAY,
    _ODD_DOUBLE,
    _ODD_WHOLE,
    _WHOLE,
)
from pipelines.spark.queries import to_spark
from pipelines.spark.refusal import Refusal
from pipelines.spark.typing import value_of_sql
from tests.pipelines.test_leaks import USES
from tests.support.engines import Both, Engine, assert_same, both_engines, open_both
from tests.support.leaks import Case, cases
from tests.support.leaks_city import RAW, fill
from tests.support.parity import TABLES, ParityCase, fill_nasty, parity_cases

ACCEPTED = cases("accepted")

# Lawful models of the corpus that have no equal on Spark; a test shows that they differ there.
NOT_EQUAL = {
    "a025_asof_join": "Spark has no ASOF join",
}


@pytest.fixture(scope="module")
def both(spark: Any) -> Iterator[Both]:
    engines = open_both(spark)
    fill_nasty(engines.con)
    engines.share(*TABLES)
    yield engines
    engines.con.close()


@pytest.fixture(scope="module")
def leaky(spark: Any) -> Iterator[Both]:
    engines = open_both(spark)
    engines.masks(KeyRing.of({1: b"synthetic key of the leak corpus"}), USES)
    fill(engines.con)
    engines.share(*(f"raw.{name}" for name in RAW))
    yield engines
    engines.con.close()


@pytest.mark.parametrize("case", parity_cases(), ids=lambda case: case.name)
def test_function_or_form(case: ParityCase, both: Both) -> None:
    both.compare(case.sql)


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
def test_lawful_model(case: Case, leaky: Both) -> None:
    for name, sql in case.models:
        if case.name not in NOT_EQUAL:
            assert not_portable(sql, Path(name)) == []
            leaky.compare(sql)
        if name != case.released:
            leaky.con.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")
            leaky.share(name)


@pytest.mark.parametrize("name", NOT_EQUAL)
def test_what_is_not_equal_really_differs(name: str, leaky: Both) -> None:
    """Refused by the allow-list, and rightly: a plain transpile fails on Spark or answers otherwise."""
    case = next(case for case in ACCEPTED if case.name == name)
    sql = case.models[-1][1]
    assert [problem.code for problem in not_portable(sql, Path(name))] == [
        "function_not_portable_instead"
    ]
    ours = leaky.on_duckdb(sql)
    text = sqlglot.transpile(sql, read="duckdb", write="spark")[0]
    text = re.sub(r"\braw\.(\w+)", r"raw__\1", text)
    with pytest.raises(Exception):  # noqa: B017 - the engine's own errors, or another answer
        assert_same(ours, [tuple(row) for row in leaky.spark.sql(text).collect()], sql)


@both_engines
def test_a_chain_of_models(engine: Engine) -> list[tuple[Any, ...]]:
    """The decorator: one test, run on each engine, its rows compared."""
    ids = [row[0] for row in engine.query("SELECT id FROM raw.number WHERE i > 0")]
    listed = ", ".join(map(str, sorted(ids)))
    return engine.query(
        f"SELECT id, round(d, 2) AS r, k / 3 AS t FROM raw.number WHERE id IN ({listed})"
    )


def test_every_trap_is_known() -> None:
    """The differences that were measured before any of this was written each have a case."""
    tested = {use.name for case in parity_cases() for use in uses(case.sql) or ()}
    assert {
        "regexp_replace", "list(ORDER BY)", "cast to INTEGER", "date_diff", "dayofweek", "QUALIFY", "len",
        "first(ORDER BY)", "quantile_cont", "//", "cast to DATE", "/", "upper", "concat", "||", "ORDER BY",
    } <= tested  # fmt: skip
    for refused in (
        "SELECT hash(x) FROM raw.text",
        "SELECT approx_count_distinct(x) FROM raw.text",
        "SELECT jaro_winkler_similarity(x, y) FROM raw.text",
        "SELECT first(x) FROM raw.text",
        "SELECT list(x) FROM raw.text",
        "SELECT * FROM (PIVOT raw.grouped ON x USING sum(i) GROUP BY g)",
        "SELECT strftime(d, '%Y') FROM raw.time",
        "SELECT x ILIKE 'a' FROM raw.text",
        "SELECT COLUMNS('x') FROM raw.text",
        "SELECT x FROM raw.text USING SAMPLE 3",
        "SELECT reverse(x) FROM raw.text",
    ):
        found = not_portable(refused, Path("m.sql"))
        codes = {problem.code for problem in found}
        assert codes & {
            "function_not_portable",
            "function_not_portable_instead",
            "sql_not_portable",
        }, refused


TYPES = {
    "raw.t": {"x": "VARCHAR", "i": "INTEGER", "d": "DOUBLE", "m": "DECIMAL(28,6)", "day": "DATE", "l": "VARCHAR[]",
              "s": "TIMESTAMP", "f": "FLOAT"},
}  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT m * m AS a FROM raw.t",
        "SELECT d // 2 AS a FROM raw.t",
        "SELECT d % 2 AS a FROM raw.t",
        "SELECT CAST(d AS VARCHAR) AS a FROM raw.t",
        "SELECT x || d AS a FROM raw.t",
        "SELECT i = x AS a FROM raw.t",
        "SELECT regexp_matches(x, i::VARCHAR) AS a FROM raw.t",
        "SELECT regexp_matches(x, '\\bword\\b') AS a FROM raw.t",
        "SELECT regexp_matches(x, '(?i)word') AS a FROM raw.t",
        "SELECT regexp_matches(x, '\\p{Han}') AS a FROM raw.t",
        "SELECT regexp_replace(x, 'a', 'b', 'i') AS a FROM raw.t",
        "SELECT replace(x, '', 'b') AS a FROM raw.t",
        "SELECT left(x, -1) AS a FROM raw.t",
        "SELECT lpad(x, 5, '') AS a FROM raw.t",
        "SELECT split_part(x, ',', -1) AS a FROM raw.t",
        "SELECT string_split(x, '') AS a FROM raw.t",
        "SELECT s - s AS a FROM raw.t",
        "SELECT day + INTERVAL (i) DAY AS a FROM raw.t",
        "SELECT date_trunc('decade', day) AS a FROM raw.t",
        "SELECT row_number() OVER () AS a FROM raw.t",
        "SELECT x LIKE 'a' ESCAPE '!' AS a FROM raw.t",
        "SELECT round(d, i) AS a FROM raw.t",
        "SELECT median(m) AS a FROM raw.t",
        "SELECT i FROM raw.t WHERE i",
        "SELECT i FROM raw.t UNION ALL SELECT x FROM raw.t",
        "SELECT CASE WHEN TRUE THEN i ELSE x END AS a FROM raw.t",
        "SELECT sum(i) OVER (ORDER BY day RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW) AS a FROM raw.t",
        "SELECT DISTINCT ON (x) x, i FROM raw.t",
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_exact_is_refused(sql: str) -> None:
    with pytest.raises(Refusal):
        to_spark(sql, TYPES)


@pytest.mark.parametrize(
    ("kind", "shapes", "letters"),
    [
        ("BIGINT", (_WHOLE, _DECIMAL, _ODD_WHOLE), "07.e_x-+a "),
        ("DOUBLE", (_DOUBLE, _ODD_DOUBLE), "07.e_inf-+ "),
        ("DECIMAL(18,3)", (_DECIMAL, _ODD_DOUBLE), "07.e_inf-+ "),
    ],
)
def test_no_text_is_read_by_duckdb_alone(kind: str, shapes: tuple[str, ...], letters: str) -> None:
    """What DuckDB can cast is cast on Spark as well, or an error there; it is never NULL.

    Every text of up to five of the letters is tried.
    """
    import duckdb

    blank = re.sub(r"\\u000b", "\x0b", _BLANK.strip("'")).encode().decode("unicode_escape")
    tried = [re.compile(shape.replace(r"\z", r"\Z")) for shape in shapes]
    texts = ["".join(t) for n in range(1, 6) for t in itertools.product(letters, repeat=n)]
    with duckdb.connect() as con:
        import pyarrow as pa

        con.register("texts", pa.table({"t": texts}))
        read = con.execute(
            f"SELECT t FROM texts WHERE TRY_CAST(t AS {kind}) IS NOT NULL"
        ).fetchall()
    assert len(read) > 100
    lost = [t for (t,) in read if not any(shape.match(t.strip(blank)) for shape in tried)]
    assert lost == []


def test_no_day_is_read_by_duckdb_alone() -> None:
    shapes = [re.compile(shape.replace(r"\z", r"\Z")) for shape in (_DAY, _ODD_DAY)]
    parts, marks = ["1", "02", "2026", "", "epoch", "inf"], ["-", "/", " ", "\\", "", "T", ":"]
    texts = {f"{a}{m}{b}{n}{c}{rest}" for a, m, b, n, c in itertools.product(parts, marks, parts, marks, parts)
             for rest in ("", " ", " 10:00", "x")}  # fmt: skip
    read = [t for t in sorted(texts) if value_of_sql(f"TRY_CAST('{t}' AS DATE)") is not None][:5000]
    assert len(read) > 100
    assert [t for t in read if not any(shape.match(t.strip()) for shape in shapes)] == []
