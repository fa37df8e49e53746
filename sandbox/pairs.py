"""Counts and sums that are measured together, which costs less where the noise is Laplace's.

A unit moves a count n of a group by at most R rows, and a sum s of values between `low` and `high` by
between low n and high n. So it moves high n - s and s - low n, neither of them backwards, by
(high - low) n together: by no more than one of the two alone. With noise on these two instead of on n
and s, both may lose all of what n and s would have to share: n is their sum, and s lies between them.
This is the vertex basis of a K-norm mechanism (Hardt & Talwar 2010) for the triangle of (n, s). Gaussian
noise gains nothing by it: its sensitivity is the same in any rotated basis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING

from sandbox.plan import Piece, Plan

_MOST = 2**32  # of a value in whole units: times a thousand million rows it is a BIGINT
_HELD = 2**62


@dataclass(frozen=True, slots=True)
class Pair:
    """A count and a sum.

    Attributes:
        low, high: between which the sum lies for each row that is counted, in its whole units.
    """

    count: Piece
    total: Piece
    low: int
    high: int

    def l1(self, plan: Plan) -> int:
        """How far one unit can move both numbers, over all groups, by the sum of differences."""
        return (self.high - self.low) * plan.max_rows * plan.max_groups

    def spreads(self) -> tuple[float, float]:
        """The noise of count and sum, by standard deviation, when that of both numbers is 1."""
        wide = self.high - self.low
        return math.sqrt(2) / wide, math.hypot(self.low, self.high) / wide

    def turned(self, counts: Sequence[int], totals: Sequence[int]) -> list[int]:
        """What is measured instead: first one number of every group, then the other."""
        both = list(zip(counts, totals, strict=True))
        numbers = [self.high * n - s for n, s in both] + [s - self.low * n for n, s in both]
        return [min(max(number, -_HELD), _HELD) for number in numbers]

    def back(self, measured: Sequence[int]) -> tuple[list[float], list[float]]:
        """Counts and sums from noisy numbers."""
        half, wide = len(measured) // 2, self.high - self.low
        both = list(zip(measured[:half], measured[half:], strict=True))
        return (
            [(a + b) / wide for a, b in both],
            [(self.low * a + self.high * b) / wide for a, b in both],
        )


def pairs_of(plan: Plan) -> tuple[Pair, ...]:
    """The counts and sums of a plan that are measured together where noise is Laplace's."""
    found: list[Pair] = []
    for piece in plan.pieces:
        if piece.kind not in ("sum", "centred"):
            continue
        taken = {pair.count for pair in found}
        counts = [p for p in plan.pieces if p not in taken and _counts(plan, p, piece)]
        pair = _pair(counts[0], piece) if counts else None
        if pair is not None:
            found.append(pair)
    return tuple(found)


def _counts(plan: Plan, piece: Piece, total: Piece) -> bool:
    """Whether a piece counts at least the rows that a sum is made of, and no threshold is for it."""
    if piece.kind == "present":
        return piece.of == total.of
    if total.kind == "centred":
        return False  # The middle stands for what has no value.
    if piece.kind == "units":
        return plan.max_rows == 1 and plan.domain is not None
    return piece.kind == "rows"


def _pair(count: Piece, total: Piece) -> Pair | None:
    assert total.range is not None
    bounds = total.range
    middle = bounds.middle if total.kind == "centred" else 0
    far = max(abs(bounds.low - middle), abs(bounds.high - middle))
    high = max(int(far.scaleb(bounds.scale).to_integral_value(ROUND_CEILING)), 1)
    if high > _MOST:
        return None
    # What a unit adds to a sum is held between -high and high a row; none but sums of what is never
    # negative are known to lie closer.
    positive = total.kind == "sum" and bounds.low >= 0
    return Pair(count, total, 0 if positive else -high, high)
