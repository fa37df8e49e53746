"""The language of questions, as immutable values: nothing else reaches the planner.

A name that stands here has been resolved; text of the partner's lives on only in `Text` and
`Pattern` literals, which the generated SQL quotes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Compared = Literal["=", "<>", "<", "<=", ">", ">="]
Computed = Literal["+", "-", "*", "/"]
AggregateKind = Literal[
    "count", "count_units", "sum", "avg", "var", "stddev", "quantile", "min", "max"
]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view; `view` is the view's full name."""

    view: str
    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written, less what does not matter (`1.50` is `1.5`)."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Text:
    """A text literal."""

    value: str


@dataclass(frozen=True, slots=True)
class Day:
    """A date literal."""

    value: date


@dataclass(frozen=True, slots=True)
class Truth:
    """TRUE or FALSE, as a value or as a condition."""

    value: bool


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers computed with; a division by zero gives NULL."""

    op: Computed
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Clamp:
    """A number moved into bounds that the question declares."""

    value: Value
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Bucket:
    """The number of a bin of equal width: 0 below `low`, `count` + 1 from `high` on."""

    value: Value
    low: Decimal
    high: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class Case:
    """The value of the first condition that holds; NULL when none does and nothing is otherwise."""

    branches: tuple[tuple[Condition, Value], ...]
    otherwise: Value | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values of the same kind compared."""

    op: Compared
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Member:
    """A value that is one of some literals."""

    value: Value
    options: tuple[Literal_, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """A column that fits a pattern of `%` and `_`."""

    column: Column
    pattern: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A value that is NULL."""

    value: Value


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition; NULL stays NULL."""

    part: Condition


@dataclass(frozen=True, slots=True)
class All:
    """Conditions that must hold together."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Conditions of which one must hold."""

    parts: tuple[Condition, ...]


Literal_ = Number | Text | Day | Truth
Value = Column | Number | Text | Day | Truth | Arithmetic | Clamp | Bucket | Case
Condition = Comparison | Member | Like | Missing | Not | All | AnyOf | Truth


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One statistic over the rows of a group.

    Attributes:
        of: what is counted, summed and so on; None for `COUNT(*)` and `COUNT(DISTINCT unit)`.
        q: the quantile, between 0 and 1.
    """

    kind: AggregateKind
    of: Value | None = None
    q: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A column of the answer: a group's key, by its place in `keys`, or an aggregate, by its."""

    name: str
    source: Literal["key", "aggregate"]
    index: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A condition on an answer's column (HAVING): a name, a comparison and a number."""

    name: str
    op: Compared
    value: Decimal


@dataclass(frozen=True, slots=True)
class Sorted:
    """A column of the answer by which its rows are sorted."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One question, resolved.

    Attributes:
        views: the views that are joined on their units, in order of their names.
        where: what rows must fulfil.
        keys: what is grouped by.
        outputs, having, order, limit: what is made of the noisy answer; they cost nothing, and a
            question that differs only in them is the same question.
    """

    views: tuple[str, ...]
    where: Condition
    keys: tuple[Value, ...]
    aggregates: tuple[Aggregate, ...]
    outputs: tuple[Output, ...]
    having: tuple[Kept, ...] = ()
    order: tuple[Sorted, ...] = ()
    limit: int | None = None
