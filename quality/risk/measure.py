"""Measuring the disclosure risk of a table of records."""

from __future__ import annotations

import math
from dataclasses import dataclass

import duckdb

from quality.risk import statements
from quality.risk.cells import Cells, roll_up
from quality.risk.policy import RiskPolicy, Thresholds
from quality.risk.report import (
    Cause,
    Failure,
    Gbt42460,
    RiskReport,
    WorstClass,
    direct_failures,
    not_assessed,
)

_WORST, _CAUSES = 5, 3


def measure(con: duckdb.DuckDBPyConnection, relation_sql: str, policy: RiskPolicy) -> RiskReport:
    """The disclosure risk of a relation.

    Args:
        con: a connection that may create temporary tables. Beyond its memory limit DuckDB spills
            to its `temp_directory`.
        relation_sql: a SELECT of the rows as they would be released. It is run once.
        policy: the roles of its columns and the bounds.

    Raises:
        QualityError: `risk_no_quasi`, `risk_field` or `risk_role` when the policy does not fit the
            columns, `risk_relation` when the SELECT cannot be run.
    """
    with roll_up(con, relation_sql, policy) as cells:
        return measure_cells(cells, policy)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts of rows and classes."""

    rows: int
    classes: int
    smallest: int
    rows_below_k: int
    classes_above_tau: int


def tau_size(bounds: Thresholds) -> int:
    """The smallest class whose theta is not above tau."""
    return math.ceil(1 / bounds.tau)


def least_size(bounds: Thresholds) -> int:
    """The smallest class that satisfies k and tau."""
    return max(bounds.k, tau_size(bounds))


def read_sizes(cells: Cells, bounds: Thresholds) -> Sizes | None:
    """The counts; None when there are no rows."""
    found = cells.row(statements.sizes(cells, bounds.k, tau_size(bounds)))
    return Sizes(*(int(value) for value in found)) if found[0] else None


def measure_cells(cells: Cells, policy: RiskPolicy) -> RiskReport:
    """The disclosure risk of rows that are rolled up already."""
    bounds = policy.thresholds
    counted = read_sizes(cells, bounds)
    if counted is None:
        return not_assessed(policy)
    places = range(len(policy.sensitive))
    spread = [cells.row(statements.diversity(cells, place)) for place in places]
    result = assess(counted, policy)
    distinct = {name: int(row[0]) for name, row in zip(policy.sensitive, spread, strict=True)}
    entropy = {
        name: round(float(row[1]), 9) for name, row in zip(policy.sensitive, spread, strict=True)
    }
    distances = {
        name: float(cells.row(statements.distance(cells, place))[0])
        for place, name in enumerate(policy.sensitive)
    }
    failures = (
        *direct_failures(policy),
        *size_failures(counted, result, bounds),
        *_spread_failures(distinct, distances, bounds),
    )
    small = counted.rows_below_k > 0
    return RiskReport(
        resource=policy.resource,
        channel=policy.channel,
        quasi_identifiers=policy.quasi_identifiers,
        sensitive=policy.sensitive,
        thresholds=bounds,
        rows=counted.rows,
        classes=counted.classes,
        k=counted.smallest,
        l=distinct,
        entropy_l=entropy,
        t=distances,
        theta_max=1 / counted.smallest,
        theta_mean=counted.classes / counted.rows,
        rows_in_small_classes=counted.rows_below_k,
        small_without=_small_without(cells, policy) if small else {},
        gbt42460=result,
        passed=not failures,
        failures=failures,
        worst=_worst(cells, policy, counted.rows) if small else (),
    )


def assess(counted: Sizes, policy: RiskPolicy) -> Gbt42460:
    """The result by GB/T 42460: one class above tau makes the data risk 1 [2]."""
    bounds = policy.thresholds
    if counted.classes_above_tau:
        data_risk = 1.0
    elif bounds.measure == "max":
        data_risk = 1 / counted.smallest
    else:
        data_risk = counted.classes / counted.rows
    context = float(bounds.context)
    risk, threshold = data_risk * context, float(bounds.risk)
    acceptable = risk <= threshold
    return Gbt42460(
        measure=bounds.measure,
        data_risk=data_risk,
        context_risk=context,
        risk=risk,
        threshold=threshold,
        classes_above_tau=counted.classes_above_tau,
        grade=1 if policy.direct else 3 if acceptable else 2,
        acceptable=acceptable and not policy.direct,
    )


def size_failures(counted: Sizes, result: Gbt42460, bounds: Thresholds) -> tuple[Failure, ...]:
    """What fails of k, tau and the overall risk."""
    found = []
    if counted.smallest < bounds.k:
        found.append(Failure("k", counted.smallest, bounds.k))
    if counted.classes_above_tau:
        found.append(Failure("tau", 1 / counted.smallest, float(bounds.tau)))
    if result.risk > result.threshold:
        found.append(Failure("risk", result.risk, result.threshold))
    return tuple(found)


def _spread_failures(
    distinct: dict[str, int], distances: dict[str, float], bounds: Thresholds
) -> list[Failure]:
    found = []
    for name, least in distinct.items():
        if bounds.l is not None and least < bounds.l:
            found.append(Failure("l", least, bounds.l, name))
        if bounds.t is not None and distances[name] > bounds.t:
            found.append(Failure("t", distances[name], bounds.t, name))
    return found


def _small_without(cells: Cells, policy: RiskPolicy) -> dict[str, int]:
    k = policy.thresholds.k
    return {
        name: int(cells.row(statements.rows_below(cells, place, k))[0])
        for place, name in enumerate(policy.quasi_identifiers)
    }


def _worst(cells: Cells, policy: RiskPolicy, rows: int) -> tuple[WorstClass, ...]:
    found = cells.con.execute(statements.worst(cells, policy.thresholds.k, _WORST)).fetchall()
    return tuple(
        WorstClass(int(size), int(size) / rows, _causes(policy, int(size), others))
        for size, *others in found
    )


def _causes(policy: RiskPolicy, size: int, others: list[int]) -> tuple[Cause, ...]:
    """The fields whose removal enlarges a class, the strongest first; ties in the policy's order."""
    causes = [
        Cause(name, size + int(other))
        for name, other in zip(policy.quasi_identifiers, others, strict=True)
        if other
    ]
    return tuple(sorted(causes, key=lambda cause: -cause.size_without)[:_CAUSES])
