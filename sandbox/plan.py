"""What a question measures and what it costs, from the question and registered metadata alone.

A statistic is made of *pieces*: counts and sums of whole numbers that are measured with noise once and
shared by all statistics that need them. An average needs two, a variance three.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal, DecimalException, localcontext
from itertools import product
from typing import Literal

from sandbox.bounds import Range, range_of
from sandbox.errors import Refusal
from sandbox.sql.tree import Aggregate, Bucket, Case, Column, Number, Question, Text, Truth, Value
from sandbox.terms import ViewTerms

MOST_CELLS = 10_000
# Answers among which a quantile is chosen: of one group, of all public groups, and where those are many.
MOST_CANDIDATES, ALL_CANDIDATES, FEW_CANDIDATES = 10_000, 50_000, 500
MOST_CHOICES = 2_000  # of quantiles: each is drawn for about two milliseconds
MOST_SUM = 2**62  # what one unit may move a sum by, in its smallest units

_EXACT = Context(prec=60)  # more digits than bounds have that are not refused

PieceKind = Literal["units", "rows", "present", "sum", "centred", "squares", "bins"]
Key = str | int | bool

# MIN and MAX are this far from the ends: the true ones are one unit's own.
EXTREME = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Piece:
    """One number a group that is measured.

    Attributes:
        of: the value that is counted or summed; None where rows or units are counted.
        range: its bounds; `centred` sums the differences from `range.middle`, `squares` their squares.
        most: by how much one unit can move the number of one group, in its smallest units.
        candidates: the answers among which a quantile is chosen (`bins` only).
    """

    kind: PieceKind
    of: Value | None
    range: Range | None
    most: int
    candidates: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A question, ready to be quoted and charged.

    Attributes:
        question: what was asked.
        views: the metadata that it was planned with.
        max_rows, max_groups: how much of one unit counts, after joining.
        domain: the values of each key; None when one of them is not public, so that groups need a
            threshold.
    """

    question: Question
    views: Mapping[str, ViewTerms]
    max_rows: int
    max_groups: int
    domain: tuple[tuple[Key, ...], ...] | None
    pieces: tuple[Piece, ...]

    @property
    def cells(self) -> list[tuple[Key, ...]] | None:
        """All groups of the answer, where they are public."""
        return None if self.domain is None else list(product(*self.domain))

    def counting(self, aggregate: Aggregate) -> Piece:
        """The piece that a count is."""
        kind = _counted(aggregate, self.max_rows)
        return next(p for p in self.pieces if p.kind == kind and p.of == aggregate.of)

    def l2(self, piece: Piece) -> float:
        """How far one unit can move a piece over all groups, by Euclidean distance."""
        return math.nextafter(math.sqrt(self.max_groups) * piece.most, math.inf)

    def l1(self, piece: Piece) -> int:
        """The same by the sum of differences."""
        return self.max_groups * piece.most


def plan_of(question: Question, views: Mapping[str, ViewTerms]) -> Plan:
    """The plan of a question.

    Raises:
        Refusal: `bounds_needed`, `bounds_wide`, `many_cells`.
    """
    try:
        with localcontext(_EXACT):
            return _planned(question, {name: views[name] for name in question.views})
    except DecimalException:
        raise Refusal("bounds_wide") from None


def _planned(question: Question, used: Mapping[str, ViewTerms]) -> Plan:
    rows = math.prod(view.max_rows for view in used.values())
    grouped = math.prod(view.max_groups for view in used.values())
    domain = _domain(question.keys, used)
    candidates = FEW_CANDIDATES
    if domain is not None:
        cells = math.prod(len(values) for values in domain)
        chosen = sum(one.kind in ("quantile", "min", "max") for one in question.aggregates)
        most = min(MOST_CELLS, MOST_CHOICES // chosen) if chosen else MOST_CELLS
        if cells > most:
            raise Refusal("many_cells", cells=cells, most=most)
        grouped = min(grouped, cells)
        candidates = min(max(ALL_CANDIDATES // cells, FEW_CANDIDATES), MOST_CANDIDATES)
    if not question.keys:
        grouped = 1
    pieces: dict[tuple[PieceKind, Value | None], Piece] = {}
    for aggregate in question.aggregates:
        for piece in _pieces(aggregate, used, rows, candidates):
            pieces.setdefault((piece.kind, piece.of), piece)
    if domain is None:
        # Which groups exist is decided by how many units each has.
        pieces.setdefault(("units", None), Piece("units", None, None, 1))
    return Plan(question, used, rows, grouped, domain, tuple(pieces.values()))


def quantiles(plan: Plan, piece: Piece) -> list[Decimal]:
    """The different quantiles that are chosen from one piece."""
    asked = [quantile_of(a) for a in plan.question.aggregates if a.of == piece.of]
    return list(dict.fromkeys(q for q in asked if q is not None))


def quantile_of(aggregate: Aggregate) -> Decimal | None:
    """Which quantile an aggregate asks for; None when it asks for none."""
    return {"quantile": aggregate.q, "min": EXTREME, "max": 1 - EXTREME}.get(aggregate.kind)


def _domain(
    keys: tuple[Value, ...], views: Mapping[str, ViewTerms]
) -> tuple[tuple[Key, ...], ...] | None:
    found = [_values(key, views) for key in keys]
    return tuple(v for v in found if v is not None) if None not in found else None


def _values(key: Value, views: Mapping[str, ViewTerms]) -> tuple[Key, ...] | None:
    """All values of a key, where they are public."""
    match key:
        case Bucket(count=count):
            return tuple(range(count + 2))
        case Case(branches, otherwise):
            results = [then for _, then in branches] + ([otherwise] if otherwise else [])
            literals = [literal for literal in map(_literal, results) if literal is not None]
            if len(literals) < len(results):
                raise Refusal("key_case")
            return tuple(dict.fromkeys(literals))
        case Column(view, name):
            terms = views[view].columns[name]
            if terms.kind == "boolean":
                return (False, True)
            return terms.keys
    return None


def _literal(value: Value) -> Key | None:
    if isinstance(value, Number) and value.value == int(value.value):
        return int(value.value)
    return value.value if isinstance(value, Text | Truth) else None


def _pieces(
    aggregate: Aggregate, views: Mapping[str, ViewTerms], rows: int, candidates: int
) -> list[Piece]:
    if aggregate.kind in ("count", "count_units"):
        kind = _counted(aggregate, rows)
        return [Piece(kind, aggregate.of, None, 1 if kind == "units" else rows)]
    present = Piece("present", aggregate.of, None, rows)
    assert aggregate.of is not None
    found = range_of(aggregate.of, views)
    far = max(abs(found.low), abs(found.high))
    if far.scaleb(found.scale) > MOST_SUM:
        raise Refusal("bounds_wide")
    if aggregate.kind in ("quantile", "min", "max"):
        return [Piece("bins", aggregate.of, found, rows, _candidates(found, candidates))]
    if aggregate.kind == "sum":
        # Not centred: the middle would have to be added back once for every row.
        return [Piece("sum", aggregate.of, found, _moved(rows, far, found))]
    half = max(found.high - found.middle, found.middle - found.low)
    centred = Piece("centred", aggregate.of, found, _moved(rows, half, found))
    if aggregate.kind == "avg":
        return [present, centred]
    squares = Piece("squares", aggregate.of, found, _moved(rows, half * half, found))
    return [present, centred, squares]


def _counted(aggregate: Aggregate, rows: int) -> PieceKind:
    """What a count counts; where one row of a unit counts, rows are units, and are measured once."""
    if aggregate.of is not None:
        return "present"
    return "units" if aggregate.kind == "count_units" or rows == 1 else "rows"


def _moved(rows: int, by: Decimal, found: Range) -> int:
    """By how much one unit moves a sum, in whole units of the kept digits."""
    most = int((by.scaleb(found.scale) * rows).to_integral_value(ROUND_CEILING))
    if most > MOST_SUM:
        raise Refusal("bounds_wide")
    return max(most, 1)


def _candidates(found: Range, most: int) -> tuple[Decimal, ...]:
    """Evenly spread answers between the bounds, the bounds included; every kept digit if it can be."""
    step = Decimal(1).scaleb(-found.scale)
    count = min(int((found.high - found.low) / step), most)
    if count < 1:
        return (found.low,)
    width = (found.high - found.low) / count
    listed = ((found.low + width * i).quantize(step) for i in range(count + 1))
    return tuple(dict.fromkeys(listed))
