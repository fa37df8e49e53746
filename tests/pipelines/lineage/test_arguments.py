"""No argument of any function of the engine, and no part of any form of expression, is lost."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from catalog.errors import CityBrainError
from pipelines.dialect import ModelDialect
from pipelines.lineage import model_lineage

_NAMES = tuple(f"k{i}" for i in range(14))
_TYPES = "('scalar', 'aggregate', 'macro')"
# What the parser refuses is refused before any lineage is asked for.
FORMS = (
    "extract(year FROM k0)", "position(k0 IN k1)", "substring(k0 FROM k1 FOR k2)", "trim(k0, k1)",
    "trim(BOTH k0 FROM k1)", "k0 AT TIME ZONE k1", "k0[k1:k2]", "k0[k1:k2:k3]", "k0[k1]",
    "k0 IS DISTINCT FROM k1", "k0 BETWEEN k1 AND k2", "k0 IN (k1, k2)", "k0 IN k1",
    "k0 LIKE k1 ESCAPE k2", "k0 NOT ILIKE k1", "k0 SIMILAR TO k1", "k0 GLOB k1", "k0 ~ k1",
    "k0 ^@ k1", "k0 ** k1", "k0 // k1", "k0 || k1", "k0 & k1", "k0 << k1", "k0::BIGINT", "-k0",
    "NOT k0", "k0 -> k1", "k0 ->> k1", "coalesce(k0 -> 'x', k1)", "upper(k0 ->> 'x')",
    "f(k0 -> k1)", "INTERVAL (k0) DAY", "k0 + k1 * INTERVAL 1 DAY", "CASE k0 WHEN k1 THEN k2 ELSE k3 END",
    "CASE WHEN k0 THEN k1 WHEN k2 THEN k3 END", "TRY(k0)", "TRY_CAST(k0 AS BIGINT)", "ROW(k0, k1)",
    "(k0, k1)", "[k0, k1]", "{'x': k0, 'y': k1}", "MAP {k0: k1}", "struct_pack(x := k0, y := k1)",
    "k0.upper()", "k0.replace(k1, k2)", "k0.f.g", "(k0).f", "k0['f']", "k0 = ANY(k1)",
    "count(DISTINCT k0)", "sum(k0) FILTER (WHERE k1)", "list(k0 ORDER BY k1 DESC NULLS LAST, k2)",
    "string_agg(k0, k1 ORDER BY k2)", "quantile_cont(k0, 0.5)", "arg_max(k0, k1, k2)",
    "mode() WITHIN GROUP (ORDER BY k0)", "percentile_cont(k0) WITHIN GROUP (ORDER BY k1)",
    "lag(k0, k1, k2) OVER (PARTITION BY k3 ORDER BY k4)", "lead(k0, k1, k2) OVER (ORDER BY k3)",
    "nth_value(k0, k1) OVER (ORDER BY k2)", "ntile(k0) OVER (ORDER BY k1)",
    "first_value(k0 IGNORE NULLS) OVER (ORDER BY k1)", "last_value(k0 ORDER BY k1) OVER (ORDER BY k2)",
    "sum(k0) OVER (ORDER BY k1 ROWS BETWEEN k2 PRECEDING AND k3 FOLLOWING)",
    "sum(k0) FILTER (WHERE k1) OVER (PARTITION BY k2 ORDER BY k3 EXCLUDE TIES)",
    "list_transform(k0, lambda x: x + k1)", "list_filter(k0, lambda x, i: x > k1 AND i < k2)",
    "list_reduce(k0, lambda x, y: x + y + k1, k2)", "[x + k0 FOR x IN k1 IF x > k2]",
    "[x + i FOR x, i IN k0]", "list_transform(k0, lambda x: list_transform(k1, lambda y: x + y + k2))",
    "k0 COLLATE NOCASE", "if(k0, k1, k2)", "ifnull(k0, k1)", "nullif(k0, k1)", "greatest(k0, k1, k2)",
    "date_add(k0, INTERVAL (k1) DAY)", "make_timestamp(k0, k1, k2, k3, k4, k5)", "strptime(k0, [k1, k2])",
    "format('{} {}', k0, k1)", "printf('%s %s', k0, k1)", "regexp_extract(k0, k1, [k2])",
    "(SELECT k0 + k1)", "EXISTS (SELECT 1 WHERE k0 > k1)", "k0 IN (SELECT k1)", "k0 > ALL (SELECT k1)",
    "unnest(k0)", "unnest(list_transform(k0, lambda x: x + k1))", "hash(k0, k1, k2)", "concat_ws(k0, k1, k2)",
)  # fmt: skip


def _lost(expression: str, columns: set[str]) -> set[str]:
    """The columns of an expression that its lineage does not name; none when it is refused."""
    try:
        tree = sqlglot.parse_one(f"SELECT {expression} AS x FROM raw.k", read=ModelDialect)
        assert isinstance(tree, exp.Query)
        lineage = model_lineage(tree, Path("m.sql"), {"raw.k": _NAMES}, ["x"])
    except (sqlglot.errors.SqlglotError, CityBrainError):
        return set()
    edges = (*lineage.columns["x"], *lineage.rows)
    return columns - {edge.column for edge in edges}


def _calls() -> list[tuple[str, int]]:
    """Every function of the engine, with every number of arguments that it takes."""
    with duckdb.connect(":memory:") as con:
        rows = con.execute(
            "SELECT DISTINCT function_name, len(parameters), varargs IS NOT NULL "
            f"FROM duckdb_functions() WHERE function_type IN {_TYPES} ORDER BY ALL"
        ).fetchall()
    found = []
    for name, count, more in rows:
        if re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            found += [(name, n) for n in ([count, count + 1, count + 3] if more else [count])]
    return found


def test_no_function_loses_an_argument() -> None:
    calls = _calls()
    assert len(calls) > 900
    lost = {}
    for name, count in calls:
        missing = _lost(f"{name}({', '.join(_NAMES[:count])})", set(_NAMES[:count]))
        if missing:
            lost[f"{name}/{count}"] = sorted(missing)
    assert lost == {}


def test_no_function_loses_an_argument_when_called_as_a_method() -> None:
    lost = {}
    for name, count in _calls():
        if count == 0:
            continue
        call = f"(z.k0).{name}({', '.join(_NAMES[1:count])})"
        missing = _lost_of_alias(call, set(_NAMES[:count]))
        if missing:
            lost[f"{name}/{count}"] = sorted(missing)
    assert lost == {}


def _lost_of_alias(call: str, columns: set[str]) -> set[str]:
    """As `_lost`, over a table whose alias is also the name of one of its columns."""
    try:
        tree = sqlglot.parse_one(f"SELECT {call} AS x FROM raw.k AS z", read=ModelDialect)
        assert isinstance(tree, exp.Query)
        lineage = model_lineage(tree, Path("m.sql"), {"raw.k": (*_NAMES, "z")}, ["x"])
    except (sqlglot.errors.SqlglotError, CityBrainError):
        return set()
    return columns - {edge.column for edge in (*lineage.columns["x"], *lineage.rows)}


@pytest.mark.parametrize("form", FORMS)
def test_no_form_loses_a_part(form: str) -> None:
    assert _lost(form, set(re.findall(r"\bk\d+\b", form))) == set()
