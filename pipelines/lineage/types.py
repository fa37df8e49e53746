"""The types of expressions, as far as their syntax and the contracts of the tables tell them.

Two uses. A number that is divided by a whole one gets smaller, or nothing (NULL, infinity) is left of
it: a rounding behind it hides at least as much as before. And a column is compared as it is only with
what is of its own kind: beside a number a text is read as one, and '1' and '01' are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from pipelines.lineage.nodes import is_star
from pipelines.lineage.scope import Scope

WHOLE_NUMBERS = exp.DataType.SIGNED_INTEGER_TYPES
_WHOLE, _TEXT = "BIGINT", "VARCHAR"
_WHOLE_NAMES = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", *(t.value for t in WHOLE_NUMBERS)}
)
_TEXT_NAMES = frozenset({"TEXT", "VARCHAR", "STRING"})
_OF_ONE = (exp.Max, exp.Min, exp.Nullif, exp.Paren)
_COUNTING = (exp.Count, exp.RowNumber, exp.Year, exp.Month, exp.Day, exp.Length)
_WRITING = (
    exp.Concat, exp.DPipe, exp.Left, exp.Lower, exp.RegexpReplace, exp.Replace, exp.Right,
    exp.SplitPart, exp.Substring, exp.Trim, exp.Upper,
)  # fmt: skip


def kind_of(name: str) -> str:
    """The kind of a type by its name: whole numbers of any width are of one, and texts."""
    name = name.upper().replace(" ", "")
    if name in _WHOLE_NAMES:
        return _WHOLE
    return _TEXT if name.split("(")[0] in _TEXT_NAMES else name


def type_of(node: Any, scope: Scope) -> str | None:
    """The kind of an expression's values (`kind_of`); None where it is not told."""
    if isinstance(node, exp.Literal):
        return _TEXT if node.is_string else _WHOLE if node.name.isdigit() else None
    if isinstance(node, exp.Cast):
        return kind_of(node.to.sql("duckdb")) if _plain(node.this, scope) else None
    if isinstance(node, exp.Column):
        return scope.type_of(node)
    if isinstance(node, exp.Window):
        return _WHOLE if isinstance(node.this, _COUNTING) else None
    if isinstance(node, _OF_ONE):
        return type_of(node.this, scope)
    choices = _choices(node)
    if choices:
        kinds = {type_of(choice, scope) for choice in choices}
        return kinds.pop() if len(kinds) == 1 else None
    if isinstance(node, exp.Sum):
        return _WHOLE if whole_number(node.this, scope) else None
    if isinstance(node, _WRITING):
        return _TEXT if _plain(node, scope) else None
    return _WHOLE if isinstance(node, _COUNTING) else None


def _plain(node: Any, scope: Scope) -> bool:
    """Whether nothing in an expression has a collation, which makes different texts equal: it goes on
    through functions and casts, and a column may have one where its kind is not told."""
    columns = node.find_all(exp.Column)
    odd = node.find(exp.Collate, exp.Query) is not None
    return not odd and all(scope.type_of(column) is not None for column in columns)


def _choices(node: Any) -> list[Any]:
    """The expressions of which a node gives one, without a NULL."""
    if isinstance(node, exp.Coalesce):
        found = [node.this, *node.expressions]
    elif isinstance(node, exp.Case):
        found = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
    else:
        found = []
    return [choice for choice in found if not (choice is None or isinstance(choice, exp.Null))]


def whole_number(node: Any, scope: Scope) -> bool:
    """Whether an expression can only be a whole number or NULL."""
    return not isinstance(node, exp.TryCast) and type_of(node, scope) == _WHOLE


def compared_alike(column: Any, other: Any, scope: Scope) -> bool:
    """Whether a column is compared with something by its own values, not by what becomes of them in
    another type."""
    kind = type_of(column, scope)
    if kind is None:
        return False
    written = isinstance(other, exp.Literal) and bool(other.is_string)
    return written or type_of(other, scope) == kind


def column_types(node: exp.Select, scope: Scope) -> dict[str, str]:
    """The kinds of the columns of a SELECT's list."""
    found: dict[str, str | None] = {}
    for item in node.expressions:
        several = _of_star(item, scope) if is_star(item) else _of_item(item, scope)
        for name, kind in several:
            found[name] = kind if found.get(name, kind) == kind else None
    return {name: kind for name, kind in found.items() if name and kind}


def _of_item(item: Any, scope: Scope) -> Iterator[tuple[str, str | None]]:
    yield item.alias_or_name.lower(), type_of(item.unalias(), scope)


def _of_star(item: Any, scope: Scope) -> Iterator[tuple[str, str | None]]:
    star = item.this if isinstance(item, exp.Column) else item
    if any(star.args.get(part) for part in ("replace", "rename")):
        return
    for alias, relation in scope.sources.items():
        if not isinstance(item, exp.Column) or item.table.lower() == alias:
            yield from (
                (name or "", relation.types.get(name or "")) for name, _ in relation.columns
            )
