"""Quality scores by the dimensions of GB/T 36344-2018.

The standard's indicators are shares X = A / B, conforming over assessed, in [0, 1]. Its indicator
numbers are second-hand here (a secondary source that describes the standard, not its text).

| rule dimension (ODCS) | GB/T 36344 dimension | indicators |
|---|---|---|
| conformity | normativity 规范性 | 0101 data standard, 0105 authoritative reference data |
| completeness | completeness 完整性 | 0201 element completeness |
| coverage | completeness 完整性 | 0202 record completeness |
| accuracy | accuracy 准确性 | 0301 content correctness, 0305 dirty data |
| uniqueness | accuracy 准确性 | 0303 duplication, 0304 uniqueness |
| consistency | consistency 一致性 | 0401 same data, 0402 related data |
| timeliness | timeliness 时效性 | 0501 period correctness, 0502 timeliness |
| - | accessibility 可访问性 | 0601, 0602: of the service, not of the rows; never assessed by rules |
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from quality.rules import Rule

GB_DIMENSIONS = (
    "normativity",
    "completeness",
    "accuracy",
    "consistency",
    "timeliness",
    "accessibility",
)
GB_DIMENSION_OF: Mapping[str, str] = MappingProxyType(
    {
        "conformity": "normativity",
        "completeness": "completeness",
        "coverage": "completeness",
        "accuracy": "accuracy",
        "uniqueness": "accuracy",
        "consistency": "consistency",
        "timeliness": "timeliness",
    }
)


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """One dimension of one resource.

    Attributes:
        conforming: A, summed over the dimension's rules.
        assessed: B, summed over the dimension's rules; 0 when nothing was assessed.
    """

    dimension: str
    conforming: int
    assessed: int

    @property
    def value(self) -> float | None:
        """X = A / B in [0, 1]; None when nothing was assessed, which is not a full score."""
        return self.conforming / self.assessed if self.assessed else None


@dataclass(frozen=True, slots=True)
class Scores:
    """The dimensions of one resource, all six, in the order of the standard."""

    dimensions: tuple[DimensionScore, ...]

    @property
    def value(self) -> float | None:
        """The mean over the assessed dimensions, each weighing the same; None without any."""
        known = [score.value for score in self.dimensions if score.value is not None]
        return sum(known) / len(known) if known else None

    def of(self, dimension: str) -> float | None:
        """The score of one GB/T 36344 dimension, by its English name in `GB_DIMENSIONS`."""
        return next(score.value for score in self.dimensions if score.dimension == dimension)


def score(counts: Iterable[tuple[Rule, int | None, int | None]]) -> Scores:
    """The scores of one resource.

    Args:
        counts: per rule, how many rows (or, for a rule on the whole table, 1) were assessed and
            how many of them failed; None where the rule was not assessed.

    Raises:
        ValueError: a rule failed more often than it was assessed, or a count is negative.
    """
    return _score((rule.id, rule.dimension, assessed, failed) for rule, assessed, failed in counts)


def recorded_score(counts: Iterable[tuple[str, int | None, int | None]]) -> Scores:
    """The same of recorded results: the rule's dimension as ODCS names it, assessed, failed.

    What the gate of a release records, such as `confidentiality`, is in no dimension of the standard
    and counts in no score.
    """
    return _score(
        (dimension, dimension, assessed, failed)
        for dimension, assessed, failed in counts
        if dimension in GB_DIMENSION_OF
    )


def _score(counts: Iterable[tuple[str, str, int | None, int | None]]) -> Scores:
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, dimension, assessed, failed in counts:
        if assessed is None or failed is None:
            continue
        if not 0 <= failed <= assessed:
            raise ValueError(f"{name}: {failed} failed of {assessed} assessed")
        total = totals[GB_DIMENSION_OF[dimension]]
        total[0] += assessed - failed
        total[1] += assessed
    return Scores(tuple(DimensionScore(name, *totals[name]) for name in GB_DIMENSIONS))
