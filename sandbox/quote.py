"""What a question will cost and how exact its answer can be expected to be, before anything is spent."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.accounting import epsilon_of, spent_units
from sandbox.plan import Plan
from sandbox.release import Scales, scales_of
from sandbox.split import SURE, expected_error
from sandbox.sql.tree import Aggregate

REFERENCE = 1_000  # rows of the group for which relative errors are quoted
_COUNTS = ("count", "count_units")


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected error of one statistic.

    Attributes:
        error: half of the 95 % interval of a count or a sum; None for other statistics.
        relative: the same of a group of `REFERENCE` rows, as a share of the value.
    """

    aggregate: Aggregate
    error: float | None
    relative: float


@dataclass(frozen=True, slots=True)
class Quote:
    """A price.

    Attributes:
        rho_units, delta: what the ledger will be charged.
        epsilon: what that is at the agreement's delta.
        cells: groups that will be answered; None where a group has to be large enough.
        threshold: how many units a group needs then, about.
        max_rows, max_groups: what of one unit counts.
    """

    rho_units: int
    delta: float
    epsilon: float
    cells: int | None
    threshold: int | None
    max_rows: int
    max_groups: int
    expected: tuple[Expected, ...]
    scales: Scales


def quote(plan: Plan, rho: float, delta: float, *, group_delta: float) -> Quote:
    """The price of a plan.

    Args:
        rho: what the question may lose.
        delta: the agreement's, for which epsilon is reported.
        group_delta: what may be lost, of the agreement's delta, to groups that are not public.
    """
    scales = scales_of(plan, rho, group_delta)
    cells = plan.cells
    expected = tuple(_expected(plan, scales, one, rho) for one in plan.question.aggregates)
    return Quote(
        spent_units(scales.rho),
        scales.delta,
        epsilon_of(scales.rho, delta),
        None if cells is None else len(cells),
        scales.threshold,
        plan.max_rows,
        plan.max_groups,
        expected,
        scales,
    )


def _expected(plan: Plan, scales: Scales, aggregate: Aggregate, rho: float) -> Expected:
    relative = expected_error(plan, aggregate, rho, REFERENCE)
    if aggregate.kind == "sum":
        piece = next(p for p in plan.pieces if p.kind == "sum" and p.of == aggregate.of)
        assert piece.range is not None
        return Expected(aggregate, SURE * scales.scale[piece] * 10.0**-piece.range.scale, relative)
    if aggregate.kind in _COUNTS:
        return Expected(aggregate, SURE * scales.scale[plan.counting(aggregate)], relative)
    return Expected(aggregate, None, relative)
