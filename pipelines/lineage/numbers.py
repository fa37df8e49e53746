"""Which expressions are whole numbers, by their syntax and the contracts of the tables.

A number that is divided by a whole one gets smaller, or nothing (NULL, infinity) is left of it: a
rounding behind it hides at least as much as before.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from pipelines.lineage.scope import Scope

WHOLE_NUMBERS = exp.DataType.SIGNED_INTEGER_TYPES
_OF_ONE = (exp.Max, exp.Min, exp.Nullif, exp.Paren, exp.Sum)


def whole_number(node: Any, scope: Scope) -> bool:
    """Whether an expression can only be a whole number or NULL."""
    if isinstance(node, exp.Literal):
        return not node.is_string and node.name.isdigit()
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return node.to.this in WHOLE_NUMBERS
    if isinstance(node, exp.Column):
        return scope.whole_number(node)
    if isinstance(node, _OF_ONE):
        return whole_number(node.this, scope)
    return isinstance(node, exp.Count)


def whole_columns(node: exp.Select, scope: Scope) -> frozenset[str]:
    """The columns of a SELECT's list that can only be whole numbers."""
    found: dict[str, bool] = {}
    for item in node.expressions:
        name, value = item.alias_or_name.lower(), item.unalias()
        found[name] = whole_number(value, scope) and found.get(name, True)
    return frozenset(name for name, whole in found.items() if whole and name)
