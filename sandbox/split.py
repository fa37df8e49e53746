"""How a budget is shared among the pieces of a question, and what error it buys.

The noise of a piece has the variance D**2 / (2 rho), D being its sensitivity. To first order the squared
relative error of a statistic over N rows is a sum of a_i / rho_i over its pieces, divided by N**2 (delta
method, with values spread evenly between their bounds, since nothing else is public). For one budget
the sum over all statistics is least where rho_i is proportional to sqrt(a_i): Lagrange's condition.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.plan import Piece, PieceKind, Plan
from sandbox.sql.tree import Aggregate

SURE = 1.959963984540054  # of 95 % of a normal distribution
_ROUNDING = 1e-12  # the shares' floats must not add up to more than the whole


@dataclass(frozen=True, slots=True)
class Share:
    """What one piece may lose."""

    piece: Piece
    rho: float


def shares(plan: Plan, rho: float) -> tuple[Share, ...]:
    """A loss split over the pieces of a plan so that the relative errors are least."""
    weights = [math.sqrt(weight) for weight in _weights(plan).values()]
    whole = sum(weights) * (1 + _ROUNDING)
    return tuple(
        Share(piece, rho * weight / whole)
        for piece, weight in zip(plan.pieces, weights, strict=True)
    )


def rho_for_accuracy(plan: Plan, relative: float, rows: int) -> float:
    """The least loss with which every statistic over `rows` rows is expected within an error.

    Args:
        relative: half of the 95 % interval, as a share of the value; 0.05 is plus or minus 5 %.
    """
    split = {share.piece: share.rho for share in shares(plan, 1.0)}
    worst = max(
        sum(weight / split[piece] for piece, weight in terms(plan, aggregate).items())
        for aggregate in plan.question.aggregates
    )
    return worst * (SURE / (relative * rows)) ** 2


def expected_error(plan: Plan, aggregate: Aggregate, rho: float, rows: int) -> float:
    """Half of the expected 95 % interval of a statistic over `rows` rows, as a share of its value."""
    split = {share.piece: share.rho for share in shares(plan, rho)}
    squared = sum(weight / split[piece] for piece, weight in terms(plan, aggregate).items())
    return SURE * math.sqrt(squared) / rows


def _weights(plan: Plan) -> dict[Piece, float]:
    """The sum of a_i over all statistics; for a piece that only decides about groups, a count's."""
    found = dict.fromkeys(plan.pieces, 0.0)
    for aggregate in plan.question.aggregates:
        for piece, weight in terms(plan, aggregate).items():
            found[piece] += weight
    return {piece: weight or plan.l2(piece) ** 2 / 2 for piece, weight in found.items()}


def terms(plan: Plan, aggregate: Aggregate) -> dict[Piece, float]:
    """The a_i of one statistic, by piece."""
    by_kind = {p.kind: p for p in plan.pieces if p.of == aggregate.of}
    variance = {piece: plan.l2(piece) ** 2 / 2 for piece in plan.pieces}
    if aggregate.kind in ("count", "count_units"):
        piece = plan.counting(aggregate)
        return {piece: variance[piece]}
    if aggregate.kind in ("quantile", "min", "max"):
        # A score moves with the rows; evenly spread values lose range / N for a row of it.
        return {by_kind["bins"]: 4 * variance[by_kind["bins"]]}
    return _moments(aggregate, by_kind, variance)


def _moments(
    aggregate: Aggregate, by_kind: Mapping[PieceKind, Piece], variance: dict[Piece, float]
) -> dict[Piece, float]:
    """Of sums, averages and variances, for values that are spread evenly between their bounds."""
    one = by_kind.get("centred") or by_kind["sum"]
    assert one.range is not None
    unit = 10.0**one.range.scale
    low, high = float(one.range.low) * unit, float(one.range.high) * unit
    half = max((high - low) / 2, 0.5)
    size = max((abs(low) + abs(high)) / 2, half)
    spread = half * half / 3
    if aggregate.kind == "sum":
        piece = by_kind["sum"]
        return {piece: variance[piece] / size**2}
    centred, present = by_kind["centred"], by_kind["present"]
    if aggregate.kind == "avg":
        return {
            centred: variance[centred] / size**2,
            present: variance[present] * spread / size**2,
        }
    squares = by_kind["squares"]
    # A piece of squares is in units of the value times the value.
    return {
        squares: variance[squares] * unit**2 / spread**2,
        centred: 4 * variance[centred] * spread / spread**2,
        present: variance[present],
    }
