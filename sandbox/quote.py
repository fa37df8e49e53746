"""What a question will cost and how exact its answer can be expected to be, before anything is spent."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.accounting import Mode, epsilon_of, spent_units
from sandbox.plan import Plan
from sandbox.release import Scales, scales_of
from sandbox.split import expected_error
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
        epsilon: what that is at the agreement's delta; in the mode `pure`, without any.
        cells: groups that will be answered; None where a group has to be large enough.
        threshold: how many units a group needs then, about.
        max_rows, max_groups: what of one unit counts.
        mode, epsilon_units: the kind of noise; what is charged in the mode `pure`, else 0.
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
    mode: Mode = "zcdp"
    epsilon_units: int = 0


def quote(
    plan: Plan, loss: float, delta: float, *, group_delta: float, mode: Mode = "zcdp"
) -> Quote:
    """The price of a plan.

    Args:
        loss: what the question may lose: rho, or epsilon in the mode `pure`.
        delta: the agreement's, for which epsilon is reported in the mode `zcdp`.
        group_delta: what may be lost, of the agreement's delta, to groups that are not public.

    Raises:
        SandboxError: `delta_needed` when there are such groups and `group_delta` is 0.
    """
    scales = scales_of(plan, loss, group_delta, mode)
    cells = plan.cells
    return Quote(
        spent_units(scales.rho),
        scales.delta,
        scales.epsilon if mode == "pure" else epsilon_of(scales.rho, delta),
        None if cells is None else len(cells),
        scales.threshold,
        plan.max_rows,
        plan.max_groups,
        tuple(_expected(plan, scales, one, loss) for one in plan.question.aggregates),
        scales,
        mode,
        spent_units(scales.epsilon),
    )


def _expected(plan: Plan, scales: Scales, aggregate: Aggregate, loss: float) -> Expected:
    relative = expected_error(plan, aggregate, loss, REFERENCE, scales.mode)
    if aggregate.kind == "sum":
        piece = next(p for p in plan.pieces if p.kind == "sum" and p.of == aggregate.of)
        assert piece.range is not None
        return Expected(aggregate, scales.half(piece) * 10.0**-piece.range.scale, relative)
    if aggregate.kind in _COUNTS:
        return Expected(aggregate, scales.half(plan.counting(aggregate)), relative)
    return Expected(aggregate, None, relative)
