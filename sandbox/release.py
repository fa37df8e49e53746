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
from sandbox.accounting import Mode, pure_rho
from sandbox.errors import SandboxError
from sandbox.pairs import Pair, pairs_of
from sandbox.plan import Key, Piece, PieceKind, Plan, quantile_of, quantiles
from sandbox.split import half_interval, shares
from sandbox.sql.tree import Aggregate

Group = tuple[Key, ...]
Counted = Mapping[Group, Sequence[int]]
Bins = Mapping[Piece, Mapping[Group, Mapping[int, int]]]

_DENOMINATOR = 10_000


@dataclass(frozen=True, slots=True)
class Scales:
    """The noise of a question, decided before anything is counted.

    Attributes:
        scale: of each piece: a standard deviation in the mode `zcdp`, Laplace's scale in the mode
            `pure`; of a quantile's, that of the scores, in rows; of a pair's, that of Laplace noise
            of the same spread.
        threshold: noisy units from which a group that is not public is answered; None: all public.
        rho, delta: what is lost altogether.
        mode, epsilon: the kind of noise, and what is lost purely; 0 in the mode `zcdp`.
        pairs: what is measured together, with the scale of its noise.
    """

    scale: Mapping[Piece, float]
    threshold: int | None
    rho: float
    delta: float
    mode: Mode = "zcdp"
    epsilon: float = 0.0
    pairs: tuple[tuple[Pair, float], ...] = ()

    def half(self, piece: Piece) -> float:
        """Half of the 95 % interval of a piece's noise."""
        return half_interval(self.mode, self.scale[piece])


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


def scales_of(plan: Plan, loss: float, delta: float, mode: Mode = "zcdp") -> Scales:
    """The noise with which a plan loses no more than `loss`: rho, or epsilon in the mode `pure`.

    Args:
        delta: what groups that are not public may lose besides.

    Raises:
        SandboxError: `delta_needed` when there are such groups and `delta` is 0.
    """
    if plan.domain is None and not delta > 0:
        raise SandboxError("delta_needed")
    found: dict[Piece, float] = {}
    lost, lost_delta, threshold = [], 0.0, None
    pairs = []
    together = {(pair.count, pair.total): pair for pair in pairs_of(plan)}
    for share in shares(plan, loss, mode):
        if share.pieces in together:
            pair = together[share.pieces]
            scale = noise.laplace_scale(pair.l1(plan), share.loss)
            pairs.append((pair, scale))
            found |= zip(share.pieces, (scale * by for by in pair.spreads()), strict=True)
            lost.append(noise.laplace_loss(pair.l1(plan), scale))
            continue
        (piece,) = share.pieces
        if piece.kind == "bins":
            found[piece], lost_here = _choosing(plan, piece, share.loss, mode)
        elif mode == "pure":
            found[piece] = noise.laplace_scale(plan.l1(piece), share.loss)
            lost_here = noise.laplace_loss(plan.l1(piece), found[piece])
        else:
            found[piece] = noise.gaussian_scale(plan.l2(piece), share.loss)
            lost_here = noise.gaussian_loss(plan.l2(piece), found[piece])
        if piece.kind == "units" and plan.domain is None:
            threshold = noise.threshold_for(plan.max_groups, 1, found[piece], delta, mode)
            lost_here, lost_delta = noise.threshold_loss(
                plan.max_groups, 1, found[piece], threshold, mode
            )
        lost.append(lost_here)
    whole = math.fsum(lost)
    if mode == "pure":
        # What is lost purely is also lost in zCDP.
        return Scales(found, threshold, pure_rho(whole), lost_delta, mode, whole, tuple(pairs))
    return Scales(found, threshold, whole, lost_delta)


def _choosing(plan: Plan, piece: Piece, loss: float, mode: Mode) -> tuple[float, float]:
    """The scale, in rows, with which the quantiles of a piece are chosen, and what that loses."""
    times = [_weight(q) for q in quantiles(plan, piece)]
    parts = len(times) * plan.max_groups
    scale = max(noise.best_scale(plan.max_rows * by, loss / parts, mode) / by for by in times)
    # A scale is multiplied again where it is used; that may round it down.
    while any(noise.best_loss(plan.max_rows * by, scale * by, mode) > loss / parts for by in times):
        scale = math.nextafter(scale, math.inf)
    each = (noise.best_loss(plan.max_rows * by, scale * by, mode) for by in times)
    return scale, math.fsum(each) * plan.max_groups


def _share(q: Decimal) -> Fraction:
    return Fraction(q).limit_denominator(_DENOMINATOR)


def _weight(q: Decimal) -> int:
    """By how much one row moves a score that is whole: see `_quantile`."""
    share = _share(q)
    return max(share.numerator, share.denominator - share.numerator)


def released(plan: Plan, scales: Scales, counted: Counted, bins: Bins) -> list[Row]:
    """Add the noise and compute the statistics.

    Args:
        counted: exact numbers by group, in the order of the pieces that are not `bins`.
        bins: exact rows by candidate, for the pieces that are.
    """
    pieces = [piece for piece in plan.pieces if piece.kind != "bins"]
    groups, noisy = _groups(plan, scales, counted, pieces)
    exact = {
        piece: [counted[group][place] if group in counted else 0 for group in groups]
        for place, piece in enumerate(pieces)
    }
    for pair, scale in scales.pairs:
        turned = pair.turned(exact[pair.count], exact[pair.total])
        noisy[pair.count], noisy[pair.total] = pair.back(noise.laplace(turned, scale))
    for piece in pieces:
        if piece not in noisy:
            noisy[piece] = _noisy(exact[piece], scales, piece)
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


def _noisy(exact: Sequence[int], scales: Scales, piece: Piece) -> Sequence[int]:
    draw = noise.laplace if scales.mode == "pure" else noise.gaussian
    return draw(exact, scales.scale[piece])


def _groups(
    plan: Plan, scales: Scales, counted: Counted, pieces: Sequence[Piece]
) -> tuple[list[Group], dict[Piece, Sequence[float]]]:
    """The groups of the answer: all public ones, or those whose noisy units reach the threshold."""
    if plan.cells is not None:
        return plan.cells, {}
    assert scales.threshold is not None
    units = next(piece for piece in pieces if piece.kind == "units")
    place = pieces.index(units)
    exact = {json.dumps(group): numbers[place] for group, numbers in counted.items()}
    kept = noise.above_threshold(exact, scales.scale[units], scales.threshold, scales.mode)
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
        found[aggregate] = [
            _quantile(piece, bins[piece].get(group, {}), q, scales) for group in groups
        ]
    return found


def _quantile(piece: Piece, rows: Mapping[int, int], q: Decimal, scales: Scales) -> Cell:
    """The candidate with about a share `q` of the rows below it (exponential mechanism).

    The score of a candidate is minus |(1 - q) below - q above| (Smith 2011), times the denominator of
    q so that it is whole. A row is below or above, so it moves a score by the greater of q and 1 - q.
    """
    share = _share(q)
    up, whole = share.numerator, share.denominator
    total = sum(rows.values())
    scores, below = [], 0
    for place in range(len(piece.candidates)):
        here = rows.get(place, 0)
        scores.append(-abs((whole - up) * below - up * (total - below - here)))
        below += here
    place = noise.best(scores, scales.scale[piece] * _weight(q), scales.mode)
    return Cell(float(piece.candidates[place]), None)


def _cell(plan: Plan, scales: Scales, aggregate: Aggregate, numbers: Mapping[Piece, float]) -> Cell:
    """A statistic from noisy numbers, with the error that their noise alone makes."""
    if aggregate.kind in ("count", "count_units"):
        piece = plan.counting(aggregate)
        return Cell(float(max(round(numbers[piece]), 0)), scales.half(piece))
    by_kind = {piece.kind: piece for piece in plan.pieces if piece.of == aggregate.of}
    if aggregate.kind == "sum":
        piece = by_kind["sum"]
        assert piece.range is not None
        unit = 10.0**-piece.range.scale
        return Cell(numbers[piece] * unit, scales.half(piece) * unit)
    return _moment(aggregate, scales, numbers, by_kind)


def _moment(
    aggregate: Aggregate,
    scales: Scales,
    numbers: Mapping[Piece, float],
    by_kind: Mapping[PieceKind, Piece],
) -> Cell:
    """Averages, variances and standard deviations (errors by the delta method).

    Intervals of independent noise are added like standard deviations: exact for Gaussian noise, a
    little too wide for Laplace noise, whose sums have lighter tails than one alone.
    """
    present, centred = by_kind["present"], by_kind["centred"]
    assert centred.range is not None
    low, high = float(centred.range.low), float(centred.range.high)
    unit, rows = 10.0**-centred.range.scale, numbers[present]
    if rows < 1:
        return Cell(None, None)
    mean = numbers[centred] * unit / rows
    rows_error, sum_error = scales.half(present), scales.half(centred) * unit
    if aggregate.kind == "avg":
        value = min(max(float(centred.range.middle) + mean, low), high)
        return Cell(value, math.hypot(sum_error, mean * rows_error) / rows)
    squares = by_kind["squares"]
    second = numbers[squares] * unit / rows
    most = ((high - low) / 2) ** 2
    variance = min(max(second - mean * mean, 0.0), most)
    slope = abs(2 * mean * mean - second)
    error = math.hypot(scales.half(squares) * unit, 2 * mean * sum_error, slope * rows_error) / rows
    if aggregate.kind == "var":
        return Cell(variance, error)
    deviation = math.sqrt(variance)
    return Cell(deviation, error / (2 * deviation) if deviation else None)
