"""Which functions and forms a query uses, by the engine's own parser.

A use is a name such as `regexp_replace`, `cast to DATE`, `ASOF JOIN` or `QUALIFY`. Whatever the
engine's tree has, has a name here: a form that nobody has thought of is a use that nothing allows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_NOWHERE = 2**63
# Names, literals and what holds a query together mean the same wherever SQL is read.
_SILENT = frozenset(
    {"COLUMN_REF", "VALUE_CONSTANT", "SUBQUERY", "TYPE", "ORDER_DEFAULT", "BASE_TABLE", "EMPTY"}
)
# The engine's names of operators, as they are written.
_WRITTEN = {
    "~~": "LIKE", "!~~": "NOT LIKE", "~~*": "ILIKE", "!~~*": "NOT ILIKE", "~~~": "GLOB",
    "OPERATOR_IS_NULL": "IS NULL", "OPERATOR_IS_NOT_NULL": "IS NOT NULL", "OPERATOR_NOT": "NOT",
    "OPERATOR_COALESCE": "coalesce", "COMPARE_EQUAL": "=", "COMPARE_NOTEQUAL": "<>",
    "COMPARE_LESSTHAN": "<", "COMPARE_GREATERTHAN": ">", "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_GREATERTHANOREQUALTO": ">=", "COMPARE_BETWEEN": "BETWEEN", "COMPARE_IN": "IN",
    "COMPARE_NOT_IN": "NOT IN", "COMPARE_DISTINCT_FROM": "IS DISTINCT FROM",
    "COMPARE_NOT_DISTINCT_FROM": "IS NOT DISTINCT FROM", "CONJUNCTION_AND": "AND",
    "CONJUNCTION_OR": "OR", "CASE_EXPR": "CASE", "ARRAY_EXTRACT": "list[n]",
    "STRUCT_EXTRACT": "struct.field", "LAMBDA": "lambda",
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A function or form, and the line that it stands on (0: unknown)."""

    name: str
    line: int


def uses(sql: str) -> frozenset[Use] | None:
    """What one SELECT uses; None when the engine's parser cannot say."""
    return _uses(sql)


@lru_cache(maxsize=1024)
def _uses(sql: str) -> frozenset[Use] | None:
    from pipelines.asread import _engine

    row = _engine().cursor().execute("SELECT json_serialize_sql($1::VARCHAR)", [sql]).fetchone()
    tree = json.loads(row[0]) if row else {"error": True}
    if tree["error"]:
        return None
    encoded = sql.encode()
    found = set()
    for name, at in _walk(tree["statements"], _NOWHERE):
        found.add(Use(name, encoded[:at].count(b"\n") + 1 if at < _NOWHERE else 0))
    return frozenset(found)


def _walk(node: Any, at: int) -> Iterator[tuple[str, int]]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, at)
    elif isinstance(node, dict):
        here = node.get("query_location", at)
        here = at if not isinstance(here, int) or here >= _NOWHERE else here
        if _is_interval(node):
            yield "INTERVAL", here
            return
        for name in _names(node):
            yield name, here
        for value in node.values():
            if isinstance(value, dict | list):
                yield from _walk(value, here)


def _is_interval(node: dict[str, Any]) -> bool:
    """Whether a call is the engine's reading of `INTERVAL 1 DAY`: `to_days` of a truncated literal."""
    if not str(node.get("function_name", "")).startswith("to_") or len(node["arguments"]) != 1:
        return False
    cast = node["arguments"][0]["expression"]
    child = cast.get("child", {}) if cast.get("class") == "CAST" else cast
    inner = child.get("arguments", [{}])[0].get("expression", {}) if "arguments" in child else child
    while inner.get("class") == "CAST":
        inner = inner["child"]
    return bool(inner.get("class") == "CONSTANT")


def _names(node: dict[str, Any]) -> Iterator[str]:
    """The uses of one node, those of what is inside it excepted."""
    kind, of = node.get("type"), node.get("class")
    if of is not None:
        yield from _of_expression(node, str(of), str(kind))
    elif kind in ("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"):
        yield from _of_query(node, str(kind))
    elif "sample" in node and "alias" in node:
        yield from _of_source(node, str(kind))
    elif kind is not None and str(kind).endswith("_MODIFIER"):
        yield from _of_modifier(node, str(kind))


def _of_expression(node: dict[str, Any], of: str, kind: str) -> Iterator[str]:
    if of == "FUNCTION":
        yield from _of_function(node)
    elif of == "WINDOW":
        yield from _of_window(node, kind)
    elif of == "CAST":
        word = "try_cast" if node.get("try_cast") else "cast"
        yield f"{word} to {_type_of(node)}"
    elif of == "SUBQUERY":
        yield f"{str(node.get('subquery_type', 'SCALAR')).lower()} subquery"
    elif of == "STAR":
        yield "COLUMNS" if node.get("columns") or node.get("expr") else "*"
    elif kind not in _SILENT:
        yield _WRITTEN.get(kind, kind)


def _of_function(node: dict[str, Any]) -> Iterator[str]:
    name = str(node["function_name"]).lower()
    # With an order within it an aggregate is another function: without, its answer is by chance.
    within = "(ORDER BY)" if node.get("order_bys", {}).get("orders") else ""
    yield _WRITTEN.get(name, name) + within
    if node.get("filter"):
        yield "FILTER"
    if node.get("distinct"):
        yield f"{name}(DISTINCT)"


def _of_window(node: dict[str, Any], kind: str) -> Iterator[str]:
    name = str(node.get("function_name") or kind).lower()
    yield f"{name} OVER"
    if node.get("ignore_nulls"):
        yield "IGNORE NULLS"
    if node.get("exclude_clause") not in (None, "NO_OTHER"):
        yield "EXCLUDE"
    for end in ("start", "end"):
        if "EXPR" in str(node.get(end, "")):
            yield f"n {str(node[end]).removeprefix('EXPR_').replace('_', ' ')}"


def _type_of(node: dict[str, Any]) -> str:
    """The type of a cast, without its digits."""
    kind = node.get("type_expr") or node.get("cast_type") or {}
    name = str(kind.get("type_name") or kind.get("id") or "?")
    inner = kind.get("children") or []
    if name.upper() in ("LIST", "ARRAY", "STRUCT", "MAP", "UNION") and inner:
        return name.upper()
    return re.sub(r"\(.*", "", name).upper()


def _of_query(node: dict[str, Any], kind: str) -> Iterator[str]:
    if kind == "SET_OPERATION_NODE":
        yield f"{node.get('setop_type')}{' ALL' if node.get('setop_all') else ''}".replace("_", " ")
    elif kind == "RECURSIVE_CTE_NODE":
        yield "WITH RECURSIVE"
    elif kind == "SELECT_NODE":
        if node.get("qualify"):
            yield "QUALIFY"
        if node.get("having"):
            yield "HAVING"
        if node.get("group_expressions"):
            yield "GROUP BY"
        if len(node.get("group_sets") or []) > 1:
            yield "GROUPING SETS"
        if node.get("aggregate_handling") == "FORCE_AGGREGATES":
            yield "GROUP BY ALL"
        if node.get("sample"):
            yield "SAMPLE"


def _of_source(node: dict[str, Any], kind: str) -> Iterator[str]:
    if node.get("sample"):
        yield "SAMPLE"
    if kind == "JOIN":
        form = "" if node.get("ref_type") in ("REGULAR", "CROSS") else f"{node.get('ref_type')} "
        yield f"{form}{node.get('join_type')} JOIN"
    elif kind == "TABLE_FUNCTION":
        yield "table function"
    elif kind not in _SILENT:
        if kind == "PIVOT" and _unpivots(node):
            kind = "UNPIVOT"
        yield {"EXPRESSION_LIST": "VALUES"}.get(kind, kind)


def _unpivots(node: dict[str, Any]) -> bool:
    return bool(node.get("unpivot_names")) or any(
        item.get("unpivot_names") for item in node.get("pivots") or ()
    )


def _of_modifier(node: dict[str, Any], kind: str) -> Iterator[str]:
    if kind == "DISTINCT_MODIFIER":
        yield "DISTINCT ON" if node.get("distinct_on_targets") else "DISTINCT"
    elif kind == "ORDER_MODIFIER":
        if node.get("orders"):
            yield "ORDER BY"
    elif kind == "LIMIT_MODIFIER":
        yield "LIMIT"
    else:
        yield kind.replace("_", " ")
