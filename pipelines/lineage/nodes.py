"""Questions about the nodes of a syntax tree that several modules ask."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlglot import exp

# Aggregates of which the order of the rows decides nothing; of any other it may.
ORDERLESS = (exp.Avg, exp.CountIf, exp.LogicalAnd, exp.LogicalOr, exp.Max, exp.Min, exp.Sum)
_EXPLODING = ("generate_subscripts", "regexp_split_to_table", "unlist", "unnest")
# What may stand between a window and its function.
_AROUND = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)
_NESTED = ("second", "minute", "hour", "day", "month", "quarter", "year")
_PEERS = (*ORDERLESS, exp.Count, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist)


def children(node: Any) -> list[Any]:
    """The expressions directly below a node."""
    if node is None:
        return []
    found: list[Any] = []
    for value in node.args.values():
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, exp.Expression)]
        elif isinstance(value, exp.Expression):
            found.append(value)
    return found


def path_of(node: Any) -> list[str]:
    """The names of `a.b.c`; empty when a node is no such path."""
    if isinstance(node, exp.Identifier):
        return [node.name.lower()]
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        path = path_of(node.this)
        return [*path, node.expression.name.lower()] if path else []
    return []


def name_of(node: Any) -> str:
    """The name of a node or text, in lower case."""
    return node.name.lower() if isinstance(node, exp.Expression) else str(node or "").lower()


def takes_ties(node: exp.Window) -> bool:
    """Whether a window takes rows of equal rank one after the other, as they happen to come.

    A frame of whole peer groups does not; that of a named window is not looked up.
    """
    spec = node.args.get("spec")
    named = node.args.get("alias") or node.args.get("first")
    rowwise = spec is not None and str(spec.args.get("kind")).upper() != "RANGE"
    return bool(named) or rowwise or not isinstance(node.this, _PEERS)


@lru_cache
def aggregate_functions() -> frozenset[str]:
    """The engine's aggregate functions, those that the parser does not know among them."""
    import duckdb

    with duckdb.connect(":memory:") as con:
        rows = con.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type='aggregate'"
        ).fetchall()
    return frozenset(str(name).lower() for (name,) in rows)


def is_star(item: Any) -> bool:
    """Whether an item of a SELECT list is `*` or `t.*`."""
    return isinstance(item, exp.Star) or (
        isinstance(item, exp.Column) and isinstance(item.this, exp.Star)
    )


def explodes(item: Any) -> bool:
    """Whether an item of a SELECT list makes several rows of one."""
    todo = [item]
    while todo:
        node = todo.pop()
        if isinstance(node, exp.Explode) or (
            isinstance(node, exp.Func) and node.name.lower() in _EXPLODING
        ):
            return True
        if not isinstance(node, exp.Query):
            todo += children(node)
    return False


def aggregated(item: Any) -> bool:
    """Whether an item makes groups of the rows of its own query: by an aggregate outside of subqueries
    that is no window's function (`sum(count(*)) OVER ()` has one, `sum(x) OVER ()` has none)."""
    todo = [item]
    while todo:
        node = todo.pop()
        if isinstance(node, exp.AggFunc):
            return True
        if isinstance(node, exp.Window):
            todo += [part for part in children(node) if part is not node.this]
            node = node.this
            while isinstance(node, _AROUND):
                todo += [part for part in children(node) if part is not node.this]
                node = node.this
        if not isinstance(node, exp.Query):
            todo += children(node)
    return False


def is_blank(node: Any) -> bool:
    """Whether a node is an empty text, or one of spaces."""
    return isinstance(node, exp.Literal) and bool(node.is_string) and not node.name.strip()


def is_placeholder(node: Any) -> bool:
    """Whether a node is a text without a letter or digit, which is written where there is no value."""
    text = isinstance(node, exp.Literal) and bool(node.is_string)
    return text and not any(map(str.isalnum, node.name))


def is_nothing(node: Any) -> bool:
    """Whether a node is NULL, of whatever type, or no node at all."""
    while isinstance(node, exp.Paren | exp.Cast | exp.Alias):
        node = node.this
    return node is None or isinstance(node, exp.Null)


def is_years(node: Any) -> bool:
    """Whether a node is the whole years between something and a written day: `date_diff('year', born,
    DATE '2026-01-01')`. They follow from the year of a date, and show it less."""
    if name_of(node) not in ("date_diff", "datediff") or len(node.expressions) != 3:
        return False
    unit, *days = node.expressions
    years = isinstance(unit, exp.Literal) and unit.name.lower() in ("year", "years")
    return years and any(
        isinstance(day, exp.Cast) and isinstance(day.this, exp.Literal) for day in days
    )


def is_truncated(node: Any) -> bool:
    """Whether a node is a time cut down to a written unit, `date_trunc('month', t)`. The units lie in
    each other: months in years, but no weeks in months."""
    if name_of(node) not in ("date_trunc", "datetrunc") or len(node.expressions) != 2:
        return False
    unit = node.expressions[0]
    return isinstance(unit, exp.Literal) and unit.name.lower().removesuffix("s") in _NESTED
