"""Calls of masking functions in a parsed model, checked before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from catalog.errors import Location
from pipelines.dialect import line_of
from pipelines.errors import PipelineError
from pipelines.masking.function import LiteralValue, MaskFunction, Parameter
from pipelines.masking.functions import MASKS
from pipelines.masking.keys import KeyUse
from quality.predicates import literal, quoted

PREFIX = "mask_"
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,62}")


@dataclass(frozen=True, slots=True)
class MaskCall:
    """One checked call.

    Attributes:
        values: the expressions that are masked.
        literals: the written arguments, in the order of `function.literals`.
    """

    function: MaskFunction
    values: tuple[Any, ...]
    literals: tuple[LiteralValue, ...]

    @property
    def level(self) -> str:
        """The level that the result has at most."""
        return self.function.leads_to(self.literals)

    @property
    def use(self) -> KeyUse | None:
        """The key that it needs."""
        if self.function.scheme is None:
            return None
        purpose, recipient = self.literals[-2:]
        return KeyUse(str(purpose), str(recipient), self.function.scheme)


def mask_call(node: Any, path: Path) -> MaskCall | None:
    """The masking call that a node of a syntax tree is; None when it is none.

    Args:
        node: a sqlglot expression, parsed in DuckDB's dialect.
        path: the file that it stands in, for errors.

    Raises:
        PipelineError: `mask_unknown`: no such masking function; `mask_argument`: a wrong number of
            arguments, one that must be written out and is not, or one that is not allowed.
    """
    if not isinstance(node, exp.Anonymous) or not node.name.lower().startswith(PREFIX):
        return None
    where = Location(path, line_of(node) or 1)
    function = MASKS.get(node.name.lower())
    if function is None:
        known = ", ".join(MASKS)
        raise PipelineError("mask_unknown", where=where, function=node.name, known=known)
    arguments = node.expressions
    if len(arguments) != len(function.parameters) or any(map(_named, arguments)):
        raise _misused(function, where)
    first = len(function.values)
    literals = tuple(
        _literal(argument, parameter, function, where)
        for argument, parameter in zip(arguments[first:], function.literals, strict=True)
    )
    return MaskCall(function, tuple(arguments[:first]), literals)


def own_mask(field: str, text: str) -> MaskCall | None:
    """A masking call on a field alone, as it is written: `mask_amount(capital, 10000)`.

    Returns None for anything else, so that nobody can write SQL of his own where a mask belongs.
    """
    try:
        call = mask_call(sqlglot.parse_one(text, dialect="duckdb"), Path(field))
    except (SqlglotError, PipelineError, RecursionError):
        return None
    value = call.values[0] if call is not None and len(call.values) == 1 else None
    if not isinstance(value, exp.Column) or value.sql("duckdb") not in (field, quoted(field)):
        return None
    return call


def own_mask_sql(field: str, call: MaskCall) -> str:
    """The SQL of a masking call on a field, made anew from its parts."""
    said = [literal(one) if isinstance(one, str) else repr(one) for one in call.literals]
    return f"{call.function.name}({', '.join([quoted(field), *said])})"


def mask_calls(tree: Any, path: Path) -> Iterator[MaskCall]:
    """Every masking call in a syntax tree; raises what `mask_call` does."""
    for node in tree.walk():
        call = mask_call(node, path)
        if call is not None:
            yield call


def key_uses(tree: Any) -> frozenset[KeyUse]:
    """The keys that a parsed and checked model needs."""
    uses = (call.use for call in mask_calls(tree, Path()))
    return frozenset(use for use in uses if use is not None)


def signature(function: MaskFunction) -> str:
    """`mask_date(d, 'month'|'quarter'|'year')`."""
    parts = [
        "|".join(f"'{choice}'" for choice in item.choices)
        or (f"'{item.name}'" if item.word else item.name)
        for item in function.parameters
    ]
    return f"{function.name}({', '.join(parts)})"


def allowed(parameter: Parameter) -> str:
    """What a written argument may be, as `a, b` or `1 .. 9` or a pattern."""
    if parameter.choices:
        return ", ".join(parameter.choices)
    if parameter.word:
        return _WORD.pattern
    whole = " (integer)" if parameter.type == "BIGINT" else ""
    unit = " (n, 1/n)" if parameter.unit else ""
    return f"{parameter.low:g} .. {parameter.high:g}{whole}{unit}"


def _literal(
    node: Any, parameter: Parameter, function: MaskFunction, where: Location
) -> LiteralValue:
    value = _value(node, parameter)
    if value is None or not _fits(value, parameter):
        raise _misused(function, where)
    return value


def _misused(function: MaskFunction, where: Location) -> PipelineError:
    bounds = [f"{item.name} = {allowed(item)}" for item in function.literals]
    usage = "; ".join([signature(function), *bounds])
    return PipelineError("mask_argument", where=where, function=function.name, usage=usage)


def _value(node: Any, parameter: Parameter) -> LiteralValue | None:
    """What is written; None when it is no literal of the right sort."""
    if not isinstance(node, exp.Literal):
        return None
    if parameter.type == "VARCHAR":
        return str(node.this) if node.is_string else None
    if node.is_string:
        return None
    try:
        return int(node.this) if parameter.type == "BIGINT" else float(node.this)
    except ValueError:
        return None


def _fits(value: LiteralValue, parameter: Parameter) -> bool:
    if isinstance(value, str):
        if parameter.word:
            return _WORD.fullmatch(value) is not None
        return value in parameter.choices
    low, high = parameter.low, parameter.high
    if low is None or high is None or not low <= value <= high:
        return False
    return not parameter.unit or _whole(value) or _whole(1 / value)


def _whole(number: float) -> bool:
    return abs(number - round(number)) <= 1e-9 * abs(number)


def _named(node: Any) -> bool:
    """An argument written `name := value`, which would stand in no known place."""
    return isinstance(node, exp.PropertyEQ | exp.Kwarg | exp.Star | exp.Distinct)
