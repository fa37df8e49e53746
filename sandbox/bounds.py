"""How large a value can get, from registered bounds alone (interval arithmetic)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sandbox.errors import Refusal
from sandbox.sql.tree import (
    Arithmetic,
    Bucket,
    Case,
    Clamp,
    Column,
    Number,
    Value,
)
from sandbox.terms import ViewTerms

DIVISION_SCALE = 4
MOST_SCALE = 6


@dataclass(frozen=True, slots=True)
class Range:
    """Where a value lies, and how many decimal digits of it are kept."""

    low: Decimal
    high: Decimal
    scale: int

    @property
    def middle(self) -> Decimal:
        """The value from which the others differ least, in kept digits."""
        return ((self.low + self.high) / 2).quantize(Decimal(1).scaleb(-self.scale))


def range_of(value: Value, views: Mapping[str, ViewTerms]) -> Range:
    """The range of a number.

    Raises:
        Refusal: `bounds_needed` for a column without registered bounds or a divisor that may be zero,
            unless the question clamps the value.
    """
    match value:
        case Column(view, name):
            terms = views[view].columns[name]
            if terms.bounds is None:
                raise Refusal("bounds_needed", name=name)
            return Range(*terms.bounds, terms.scale)
        case Number(number):
            return Range(number, number, _digits(number))
        case Clamp(of, low, high):
            return Range(low, high, max(_scale(of, views), _digits(low), _digits(high)))
        case Bucket(count=count):
            return Range(Decimal(0), Decimal(count + 1), 0)
        case Case(branches, otherwise):
            parts = [range_of(then, views) for _, then in branches]
            parts += [range_of(otherwise, views)] if otherwise is not None else []
            return _union(parts)
        case Arithmetic():
            return _arithmetic(value, views)
        case _:
            raise Refusal("bounds_needed", name="")


def _union(parts: list[Range]) -> Range:
    return Range(
        min(part.low for part in parts),
        max(part.high for part in parts),
        max(part.scale for part in parts),
    )


def _arithmetic(value: Arithmetic, views: Mapping[str, ViewTerms]) -> Range:
    left, right = range_of(value.left, views), range_of(value.right, views)
    scale = max(left.scale, right.scale)
    if value.op == "+":
        return Range(left.low + right.low, left.high + right.high, scale)
    if value.op == "-":
        return Range(left.low - right.high, left.high - right.low, scale)
    if value.op == "/":
        if right.low <= 0 <= right.high:
            raise Refusal("bounds_needed", name="/")
        ends = [a / b for a in (left.low, left.high) for b in (right.low, right.high)]
        return Range(min(ends), max(ends), max(scale, DIVISION_SCALE))
    ends = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
    return Range(min(ends), max(ends), min(left.scale + right.scale, MOST_SCALE))


def _scale(value: Value, views: Mapping[str, ViewTerms]) -> int:
    """The digits that are kept of a value, whether its bounds are known or not."""
    match value:
        case Column(view, name):
            return views[view].columns[name].scale
        case Number(number):
            return _digits(number)
        case Arithmetic(op, left, right):
            parts = _scale(left, views), _scale(right, views)
            if op == "*":
                return min(sum(parts), MOST_SCALE)
            return max(*parts, DIVISION_SCALE if op == "/" else 0)
        case Case(branches, otherwise):
            values = [then for _, then in branches] + ([otherwise] if otherwise else [])
            return max(_scale(one, views) for one in values)
        case Clamp(of, low, high):
            return max(_scale(of, views), _digits(low), _digits(high))
        case _:
            return 0


def _digits(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return min(max(-exponent, 0), MOST_SCALE) if isinstance(exponent, int) else 0
