"""From exact counts and sums to the cells of an answer: noise first, everything else on noisy numbers.

What is exact comes in as small tables by group and goes no further than this module.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sandbox import noise
from sandbox.plan import Key, Piece, PieceKind, Plan
from sandbox.split import SURE, shares
from sandbox.sql.tree import Aggregate

Group = tuple[Key, ...]
Counted = Mapping[Group, Sequence[int]]
Bins = Mapping[Piece, Mapping[Group, Mapping[int, int]]]

EXTREME = Decimal(
    "0.01"
)  # MIN and MAX are this far from the ends: the true ones are one unit's own
_DENOMINATOR = 10_000


@dataclass(frozen=True, slots=True)
class Scales:
    """The noise of a question, decided before anything is counted.

    Attributes:
        scale: of each piece; of a quantile's, that of its scores.
        threshold: noisy units from which a group that is not public is answered; None: all public.
        rho, delta: what is lost altogether.
    """

    scale: Mapping[Piece, float]
    threshold: int | None
    rho: float
    delta: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One statistic of one group.

    Attributes:
        error: half of the 95 % interval; None where it cannot be told from noisy numbers.
    """

    value: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One group of an answer, its statistics in the order of the question's aggregates."""

    keys: Group
    cells: tuple[Cell, ...]


def scales_of(plan: Plan, rho: float, delta: float) -> Scales:
    """The noise with which a plan loses no more than `rho`.

    Args:
        delta: what groups that are not public may lose besides.
    """
    found: dict[Piece, float] = {}
    lost, lost_delta, threshold = 0.0, 0.0, None
    for share in shares(plan, rho):
        piece = share.piece
        if piece.kind == "bins":
            times = quantiles(plan, piece)
            sensitivity = score_sensitivity(plan) * max(_denominator(q) for q in times)
            found[piece] = noise.best_scale(sensitivity, share.rho / len(times) / plan.max_groups)
            lost += noise.best_loss(sensitivity, found[piece]) * len(times) * plan.max_groups
            continue
        found[piece] = noise.gaussian_scale(plan.l2(piece), share.rho)
        if piece.kind == "units" and plan.domain is None:
            threshold = noise.threshold_for(plan.max_groups, 1, found[piece], delta)
            loss, lost_delta = noise.threshold_loss(plan.max_groups, 1, found[piece], threshold)
            lost += loss
        else:
            lost += noise.gaussian_loss(plan.l2(piece), found[piece])
    return Scales(found, threshold, lost, lost_delta)


def quantiles(plan: Plan, piece: Piece) -> list[Decimal]:
    """The different quantiles that are chosen from one piece."""
    asked = [quantile_of(a) for a in plan.question.aggregates if a.of == piece.of]
    return list(dict.fromkeys(q for q in asked if q is not None))


def quantile_of(aggregate: Aggregate) -> Decimal | None:
    """Which quantile an aggregate asks for; None when it asks for none."""
    return {"quantile": aggregate.q, "min": EXTREME, "max": 1 - EXTREME}.get(aggregate.kind)


def score_sensitivity(plan: Plan) -> int:
    """By how much the rows of one unit move a score, before it is made whole."""
    return plan.max_rows


def _denominator(q: Decimal) -> int:
    return Fraction(q).limit_denominator(_DENOMINATOR).denominator


def released(plan: Plan, scales: Scales, counted: Counted, bins: Bins) -> list[Row]:
    """Add the noise and compute the statistics.

    Args:
        counted: exact numbers by group, in the order of the pieces that are not `bins`.
        bins: exact rows by candidate, for the pieces that are.
    """
    pieces = [piece for piece in plan.pieces if piece.kind != "bins"]
    groups, noisy = _groups(plan, scales, counted, pieces)
    for place, piece in enumerate(pieces):
        if piece not in noisy:
            exact = [counted[group][place] if group in counted else 0 for group in groups]
            noisy[piece] = noise.gaussian(exact, scales.scale[piece])
    chosen = _chosen(plan, scales, groups, bins)
    rows = []
    for at, group in enumerate(groups):
        numbers = {piece: values[at] for piece, values in noisy.items()}
        cells = tuple(
            chosen[aggregate][at]
            if aggregate in chosen
            else _cell(plan, scales, aggregate, numbers)
            for aggregate in plan.question.aggregates
        )
        rows.append(Row(group, cells))
    return rows


def _groups(
    plan: Plan, scales: Scales, counted: Counted, pieces: Sequence[Piece]
) -> tuple[list[Group], dict[Piece, Sequence[int]]]:
    """The groups of the answer: all public ones, or those whose noisy units reach the threshold."""
    if plan.cells is not None:
        return plan.cells, {}
    assert scales.threshold is not None
    units = next(piece for piece in pieces if piece.kind == "units")
    place = pieces.index(units)
    exact = {json.dumps(group): numbers[place] for group, numbers in counted.items()}
    kept = noise.above_threshold(exact, scales.scale[units], scales.threshold)
    named = {name: tuple(json.loads(name)) for name in kept}
    # In an order that tells nothing of the data.
    listed = sorted(kept, key=lambda name: (str(named[name]), name))
    return [named[name] for name in listed], {units: [kept[name] for name in listed]}


def _chosen(
    plan: Plan, scales: Scales, groups: Sequence[Group], bins: Bins
) -> dict[Aggregate, list[Cell]]:
    found: dict[Aggregate, list[Cell]] = {}
    for aggregate in plan.question.aggregates:
        q = quantile_of(aggregate)
        if q is None:
            continue
        piece = next(p for p in plan.pieces if p.kind == "bins" and p.of == aggregate.of)
        scale = scales.scale[piece]
        found[aggregate] = [
            _quantile(piece, bins[piece].get(group, {}), q, scale) for group in groups
        ]
    return found


def _quantile(piece: Piece, rows: Mapping[int, int], q: Decimal, scale: float) -> Cell:
    """The candidate with about a share `q` of the rows below it (exponential mechanism).

    The score of a candidate is minus |(1 - q) below - q above| (Smith 2011), times the denominator of
    q so that it is whole.
    """
    share = Fraction(q).limit_denominator(_DENOMINATOR)
    up, whole = share.numerator, share.denominator
    total = sum(rows.values())
    scores, below = [], 0
    for place in range(len(piece.candidates)):
        here = rows.get(place, 0)
        scores.append(-abs((whole - up) * below - up * (total - below - here)))
        below += here
    return Cell(float(piece.candidates[noise.best(scores, scale)]), None)


def _cell(plan: Plan, scales: Scales, aggregate: Aggregate, numbers: Mapping[Piece, int]) -> Cell:
    """A statistic from noisy numbers, with the error that their noise alone makes."""
    if aggregate.kind in ("count", "count_units"):
        piece = plan.counting(aggregate)
        return Cell(float(max(numbers[piece], 0)), SURE * scales.scale[piece])
    by_kind = {piece.kind: piece for piece in plan.pieces if piece.of == aggregate.of}
    if aggregate.kind == "sum":
        piece = by_kind["sum"]
        assert piece.range is not None
        unit = 10.0**-piece.range.scale
        return Cell(numbers[piece] * unit, SURE * scales.scale[piece] * unit)
    return _moment(aggregate, scales, numbers, by_kind)


def _moment(
    aggregate: Aggregate,
    scales: Scales,
    numbers: Mapping[Piece, int],
    by_kind: Mapping[PieceKind, Piece],
) -> Cell:
    """Averages, variances and standard deviations (errors by the delta method)."""
    present, centred = by_kind["present"], by_kind["centred"]
    assert centred.range is not None
    low, high = float(centred.range.low), float(centred.range.high)
    unit, rows = 10.0**-centred.range.scale, numbers[present]
    if rows < 1:
        return Cell(None, None)
    mean = numbers[centred] * unit / rows
    rows_error, sum_error = scales.scale[present], scales.scale[centred] * unit
    if aggregate.kind == "avg":
        value = min(max(float(centred.range.middle) + mean, low), high)
        return Cell(value, SURE * math.hypot(sum_error, mean * rows_error) / rows)
    squares = by_kind["squares"]
    second = numbers[squares] * unit / rows
    most = ((high - low) / 2) ** 2
    variance = min(max(second - mean * mean, 0.0), most)
    slope = abs(2 * mean * mean - second)
    error = (
        math.hypot(scales.scale[squares] * unit, 2 * mean * sum_error, slope * rows_error) / rows
    )
    if aggregate.kind == "var":
        return Cell(variance, SURE * error)
    deviation = math.sqrt(variance)
    return Cell(deviation, SURE * error / (2 * deviation) if deviation else None)
