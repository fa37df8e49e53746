"""How a budget is shared among the pieces of a question, and what error it buys.

To first order the squared relative error of a statistic over N rows is a sum of the variances of its
pieces' noise, each times a weight, divided by N**2 (delta method, with values spread evenly between
their bounds, since nothing else is public). With the loss x_i a piece's variance is D**2 / (2 x_i) for
Gaussian noise (x is rho, D the sensitivity by Euclidean distance) and 2 D**2 / x_i**2 for Laplace noise
(x is epsilon, D the sensitivity by the sum of differences). So the squared error is a sum of
a_i / x_i**p, p being 1 or 2; a pair (`sandbox.pairs`) has one x_i for both of its pieces. For one budget
the sum over all statistics is least where x_i is proportional to a_i**(1 / (p + 1)): Lagrange's
condition.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.accounting import Mode
from sandbox.pairs import pairs_of
from sandbox.plan import Piece, PieceKind, Plan, quantiles
from sandbox.sql.tree import Aggregate

_ROUNDING = 1e-12  # the shares' floats must not add up to more than the whole
_POWER: Mapping[Mode, int] = {"zcdp": 1, "pure": 2}


@dataclass(frozen=True, slots=True)
class Share:
    """What one piece, or a pair together, may lose: rho, or epsilon."""

    pieces: tuple[Piece, ...]
    loss: float


def half_interval(mode: Mode, scale: float) -> float:
    """Half of the 95 % interval of noise of this scale.

    Discrete Laplace noise is taken for continuous noise: P(|X| > t) = exp(-t / scale).
    """
    return scale * (math.log(20) if mode == "pure" else 1.959963984540054)


def shares(plan: Plan, loss: float, mode: Mode = "zcdp") -> tuple[Share, ...]:
    """A loss split over the pieces of a plan so that the relative errors are least."""
    root = 1 / (_POWER[mode] + 1)
    weights = _weights(plan, mode)
    bundles = _bundles(plan, mode)
    parts = [sum(weights[piece] for piece in bundle) ** root for bundle in bundles]
    whole = sum(parts) * (1 + _ROUNDING)
    return tuple(
        Share(bundle, loss * part / whole) for bundle, part in zip(bundles, parts, strict=True)
    )


def _bundles(plan: Plan, mode: Mode) -> list[tuple[Piece, ...]]:
    """Pieces that are measured by themselves, and pairs."""
    pairs = pairs_of(plan) if mode == "pure" else ()
    paired = {piece for pair in pairs for piece in (pair.count, pair.total)}
    alone: list[tuple[Piece, ...]] = [(piece,) for piece in plan.pieces if piece not in paired]
    return alone + [(pair.count, pair.total) for pair in pairs]


def losses(plan: Plan, loss: float, mode: Mode = "zcdp") -> dict[Piece, float]:
    """What every piece may lose; the two of a pair lose it together."""
    return {piece: one.loss for one in shares(plan, loss, mode) for piece in one.pieces}


def loss_for_accuracy(plan: Plan, relative: float, rows: int, mode: Mode = "zcdp") -> float:
    """The least loss with which every statistic over `rows` rows is expected within an error.

    Args:
        relative: half of the 95 % interval, as a share of the value; 0.05 is plus or minus 5 %.

    Returns:
        rho in the mode `zcdp`, epsilon in the mode `pure`.
    """
    worst = max(expected_error(plan, one, 1.0, rows, mode) for one in plan.question.aggregates)
    return float((worst / relative) ** (2 / _POWER[mode]))


def expected_error(
    plan: Plan, aggregate: Aggregate, loss: float, rows: int, mode: Mode = "zcdp"
) -> float:
    """Half of the expected 95 % interval of a statistic over `rows` rows, as a share of its value."""
    split = losses(plan, loss, mode)
    squared = sum(
        weight / split[piece] ** _POWER[mode]
        for piece, weight in terms(plan, aggregate, mode).items()
    )
    scale = math.sqrt(squared / 2) if mode == "pure" else math.sqrt(squared)
    return half_interval(mode, scale) / rows


def _weights(plan: Plan, mode: Mode) -> dict[Piece, float]:
    """The sum of a_i over all statistics; for a piece that only decides about groups, a count's."""
    found, alone = dict.fromkeys(plan.pieces, 0.0), _variances(plan, mode)
    for aggregate in plan.question.aggregates:
        for piece, weight in terms(plan, aggregate, mode).items():
            found[piece] += weight
    return {piece: weight or alone[piece] for piece, weight in found.items()}


def terms(plan: Plan, aggregate: Aggregate, mode: Mode = "zcdp") -> dict[Piece, float]:
    """The a_i of one statistic, by piece."""
    by_kind = {p.kind: p for p in plan.pieces if p.of == aggregate.of}
    variance = _variances(plan, mode)
    if aggregate.kind in ("count", "count_units"):
        piece = plan.counting(aggregate)
        return {piece: variance[piece]}
    if aggregate.kind in ("quantile", "min", "max"):
        # Evenly spread values lose range / N for a row, which is twice as much of their middle.
        return {by_kind["bins"]: 4 * variance[by_kind["bins"]]}
    return _moments(aggregate, by_kind, variance)


def _variances(plan: Plan, mode: Mode) -> dict[Piece, float]:
    """The variance of every piece's noise when it, or its pair, loses 1."""
    found = {piece: _variance(plan, piece, mode) for piece in plan.pieces}
    for pair in pairs_of(plan) if mode == "pure" else ():
        noise = 2.0 * pair.l1(plan) ** 2
        for piece, spread in zip((pair.count, pair.total), pair.spreads(), strict=True):
            found[piece] = noise * spread**2
    return found


def _variance(plan: Plan, piece: Piece, mode: Mode) -> float:
    """The variance of a piece's noise when it loses 1 by itself."""
    if piece.kind != "bins":
        return 2.0 * plan.l1(piece) ** 2 if mode == "pure" else plan.l2(piece) ** 2 / 2
    # By how many rows the chosen candidate is off has about a Laplace distribution with the scale of
    # the scores' noise. Every quantile and every group of a unit takes its part of the loss.
    chosen = [max(q, 1 - q) for q in map(float, quantiles(plan, piece))]
    off, parts = plan.max_rows * max(chosen), len(chosen) * plan.max_groups
    return 2 * (2 * off * parts) ** 2 if mode == "pure" else off**2 * parts


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
