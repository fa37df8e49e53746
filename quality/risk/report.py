"""The result of a measurement: counts, ratios and names of fields, never a value of the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Literal

from quality.risk.policy import RiskPolicy, Thresholds

Outcome = Literal["passed", "refused", "not_assessed"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A criterion that does not hold.

    Attributes:
        criterion: `direct`, `k`, `tau`, `risk`, `l` or `t`.
        value: what was measured.
        required: the bound: the least for `k` and `l`, the most for the others.
        field: the sensitive field of `l` and `t`, the identifier of `direct`.
    """

    criterion: str
    value: float
    required: float
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """A field that makes a class small: without it the class would have `size_without` rows."""

    field: str
    size_without: int


@dataclass(frozen=True, slots=True)
class WorstClass:
    """One of the smallest classes.

    Attributes:
        share: its part of all rows.
        causes: fields whose removal enlarges it, the strongest first.
    """

    size: int
    share: float
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Gbt42460:
    """The result by GB/T 42460: R = DR x CR against the threshold.

    Attributes:
        data_risk: DR: 1 when a class is above tau, else the largest or the mean theta.
        grade: 1 directly identifying, 2 direct identifiers removed, 3 risk acceptable [r]. Grade 4
            (aggregates) is never given here: this is about records.
    """

    measure: str
    data_risk: float
    context_risk: float
    risk: float
    threshold: float
    classes_above_tau: int
    grade: int
    acceptable: bool


@dataclass(frozen=True, slots=True)
class RiskReport:
    """The disclosure risk of a table of records.

    Attributes:
        rows: rows measured.
        classes: groups of rows that agree in every quasi-identifier (NULL is a value of its own).
        k: size of the smallest class; None when there are no rows, as for every measure below.
        l: fewest distinct values in a class, per sensitive field.
        entropy_l: exp of the least entropy of a class, per sensitive field.
        t: largest distance of a class from the table, per sensitive field.
        theta_max: 1/k.
        theta_mean: mean of 1/size over the rows, which is classes/rows.
        rows_in_small_classes: rows in classes of fewer than the required k rows.
        small_without: the same count if the field were left out, per quasi-identifier; empty when
            there are no such rows.
        passed: nothing failed. A table without rows releases nothing: it passes, and its outcome
            is `not_assessed`.
        worst: the smallest classes below k, at most five.
    """

    resource: str
    channel: str
    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[str, ...]
    thresholds: Thresholds
    rows: int
    classes: int
    k: int | None
    l: Mapping[str, int]  # noqa: E741
    entropy_l: Mapping[str, float]
    t: Mapping[str, float]
    theta_max: float | None
    theta_mean: float | None
    rows_in_small_classes: int
    small_without: Mapping[str, int]
    gbt42460: Gbt42460 | None
    passed: bool
    failures: tuple[Failure, ...] = ()
    worst: tuple[WorstClass, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """`not_assessed` when there was no row, else `passed` or `refused`."""
        if not self.rows:
            return "not_assessed" if self.passed else "refused"
        return "passed" if self.passed else "refused"

    def to_dict(self) -> dict[str, Any]:
        """The report for JSON; `from_dict` reads it back."""
        found: dict[str, Any] = _plain(asdict(self))
        return {**found, "outcome": self.outcome}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RiskReport:
        """The report that `to_dict` wrote."""
        fields = {key: value for key, value in data.items() if key != "outcome"}
        bounds = dict(fields["thresholds"])
        for name in ("tau", "risk", "context"):
            bounds[name] = Fraction(bounds[name])
        result = fields["gbt42460"]
        return cls(
            **{
                **fields,
                "quasi_identifiers": tuple(fields["quasi_identifiers"]),
                "sensitive": tuple(fields["sensitive"]),
                "thresholds": Thresholds(**bounds),
                "gbt42460": Gbt42460(**result) if result else None,
                "failures": tuple(Failure(**failure) for failure in fields["failures"]),
                "worst": tuple(_worst(worst) for worst in fields["worst"]),
            }
        )


def _worst(data: Mapping[str, Any]) -> WorstClass:
    causes = tuple(Cause(**cause) for cause in data["causes"])
    return WorstClass(data["size"], data["share"], causes)


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def not_assessed(policy: RiskPolicy) -> RiskReport:
    """The report of a table without rows."""
    failures = direct_failures(policy)
    return RiskReport(
        resource=policy.resource,
        channel=policy.channel,
        quasi_identifiers=policy.quasi_identifiers,
        sensitive=policy.sensitive,
        thresholds=policy.thresholds,
        rows=0,
        classes=0,
        k=None,
        l={},
        entropy_l={},
        t={},
        theta_max=None,
        theta_mean=None,
        rows_in_small_classes=0,
        small_without={},
        gbt42460=None,
        passed=not failures,
        failures=failures,
    )


def direct_failures(policy: RiskPolicy) -> tuple[Failure, ...]:
    """One failure for every direct identifier that is still there."""
    return tuple(Failure("direct", 1, 0, name) for name in policy.direct)
