"""The values and conditions of a question as SQL, in DuckDB's dialect.

No value of a row can make them fail: numbers are computed in DOUBLE, and divisors that are zero give
NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from quality.predicates import literal, quoted
from sandbox.sql.tree import (
    All,
    AnyOf,
    Arithmetic,
    Bucket,
    Case,
    Clamp,
    Column,
    Comparison,
    Condition,
    Day,
    Like,
    Member,
    Missing,
    Not,
    Number,
    Text,
    Truth,
    Value,
)
from sandbox.terms import ViewTerms

_FINITE = "1e300"


class Writer:
    """Values and conditions as SQL; `names` are the aliases of the views."""

    def __init__(self, names: Mapping[str, str], views: Mapping[str, ViewTerms]) -> None:
        self._names = names
        self._views = views

    def _is_number(self, node: Value) -> bool:
        match node:
            case Column(view, name):
                terms = self._views[view].columns.get(name)
                return terms is not None and terms.kind == "number"
            case Case(branches, otherwise):
                first = branches[0][1] if branches else otherwise
                return first is not None and self._is_number(first)
            case _:
                return isinstance(node, Number | Arithmetic | Clamp | Bucket)

    def key(self, node: Value) -> str:
        """A value to group by; the numbers of a CASE are whole."""
        whole = isinstance(node, Case) and self._is_number(node)
        return f"CAST({self.value(node)} AS BIGINT)" if whole else self.value(node)

    def value(self, node: Value) -> str:
        """A value; numbers are DOUBLE."""
        match node:
            case Column(view, name):
                return f"{self._names[view]}.{quoted(name)}"
            case Text(text):
                return literal(text)
            case Day(day):
                return f"DATE '{day.isoformat()}'"
            case Truth(truth):
                return "TRUE" if truth else "FALSE"
            case Case(branches, otherwise):
                tests = " ".join(
                    f"WHEN {self.condition(test)} THEN {self.operand(then)}"
                    for test, then in branches
                )
                last = "NULL" if otherwise is None else self.operand(otherwise)
                return f"CASE {tests} ELSE {last} END"
            case _:
                return self.number(node)

    def number(self, node: Value) -> str:
        """A number as DOUBLE: nothing overflows, and a division by zero gives NULL."""
        match node:
            case Number(number):
                return number_literal(number)
            case Arithmetic("/", left, right):
                return f"({self.number(left)} / nullif({self.number(right)}, 0e0))"
            case Arithmetic(op, left, right):
                return f"({self.number(left)} {op} {self.number(right)})"
            case Clamp(of, low, high):
                # `greatest` and `least` take no notice of NULL, which would count as a bound.
                value = self.number(of)
                held = f"least(greatest({value}, {number_literal(low)}), {number_literal(high)})"
                return f"CASE WHEN {finite(value)} THEN {held} END"
            case Bucket(of, low, high, count):
                return self._bucket(self.number(of), low, high, count)
            case _:
                return f"CAST({self.value(node)} AS DOUBLE)"

    def _bucket(self, value: str, low: Decimal, high: Decimal, count: int) -> str:
        least, most, width = map(number_literal, (low, high, (high - low) / count))
        inside = f"least(CAST(floor(({value} - {least}) / {width}) AS BIGINT) + 1, {count})"
        return (
            f"CASE WHEN {value} < {least} THEN 0 WHEN {value} >= {most} THEN {count + 1} "
            f"WHEN {value} >= {least} THEN {inside} END"
        )

    def condition(self, node: Condition) -> str:
        """A condition; every column of numbers is compared as DOUBLE."""
        match node:
            case Truth(truth):
                return "TRUE" if truth else "FALSE"
            case Comparison(op, left, right):
                return f"({self.operand(left)} {op} {self.operand(right)})"
            case Member(of, options):
                listed = ", ".join(self.value(option) for option in options)
                return f"({self.operand(of)} IN ({listed}))"
            case Like(column, pattern):
                return f"({self.value(column)} LIKE {literal(pattern)})"
            case Missing(of):
                return f"({self.value(of)} IS NULL)"
            case Not(part):
                return f"(NOT {self.condition(part)})"
            case All(parts):
                return f"({' AND '.join(map(self.condition, parts))})"
            case AnyOf(parts):
                return f"({' OR '.join(map(self.condition, parts))})"

    def present(self, node: Value) -> str:
        """Whether there is a value; of numbers only finite ones are."""
        if self._is_number(node):
            return finite(self.number(node))
        return f"{self.value(node)} IS NOT NULL"

    def operand(self, node: Value) -> str:
        """A value to compare or to choose: of numbers all are DOUBLE."""
        return self.number(node) if self._is_number(node) else self.value(node)


def condition_sql(node: Condition, names: Mapping[str, str], views: Mapping[str, ViewTerms]) -> str:
    """A condition as SQL; `names` are the aliases of the views."""
    return Writer(names, views).condition(node)


def finite(number: str) -> str:
    """Whether a number is finite, so that it counts."""
    return f"abs({number}) <= {_FINITE}"


def number_literal(number: Decimal) -> str:
    """A number as a DOUBLE literal."""
    text = repr(float(number))
    return text if "e" in text else f"{text}e0"
