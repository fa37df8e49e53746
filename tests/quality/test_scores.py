"""Scores by dimension: shares in [0, 1], and 'not assessed' is never a full score."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.rules import DIMENSIONS, Rule
from quality.scores import GB_DIMENSION_OF, GB_DIMENSIONS, score

MakeRule = Callable[..., Rule]
COUNTS = st.one_of(
    st.just((None, None)),
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(lambda p: (max(p), min(p))),
)


@given(st.lists(st.tuples(st.sampled_from(DIMENSIONS), COUNTS), max_size=12))
def test_scores_are_shares_or_none(
    rule: MakeRule, drawn: list[tuple[str, tuple[int | None, int | None]]]
) -> None:
    scores = score((rule("row", dimension=d), *counts) for d, counts in drawn)
    known = [s.value for s in scores.dimensions if s.value is not None]
    assert all(0 <= value <= 1 for value in known)
    assert (scores.value is None) == (not known)
    assessed = {GB_DIMENSION_OF[d] for d, (looked, _) in drawn if looked}
    assert {s.dimension for s in scores.dimensions if s.value is not None} == assessed
    if known and scores.value is not None:
        assert min(known) <= scores.value + 1e-12
        assert scores.value <= max(known) + 1e-12


def test_a_dimension_sums_its_rules_and_the_resource_means_its_dimensions(rule: MakeRule) -> None:
    scores = score(
        [
            (rule("required", "a", dimension="completeness"), 10, 1),
            (rule("row_count", dimension="coverage"), 10, 3),
            (rule("range", "a", dimension="accuracy"), 4, 0),
            (rule("freshness", "d", dimension="timeliness"), None, None),
        ]
    )
    assert scores.of("completeness") == pytest.approx(16 / 20)
    assert scores.of("accuracy") == 1.0
    assert scores.of("timeliness") is None
    assert scores.of("accessibility") is None
    assert scores.value == pytest.approx((0.8 + 1.0) / 2)
    assert tuple(s.dimension for s in scores.dimensions) == GB_DIMENSIONS


def test_nothing_assessed_has_no_score(rule: MakeRule) -> None:
    assert score([]).value is None
    assert score([(rule("required", "a"), 0, 0), (rule("range", "a"), None, None)]).value is None


@pytest.mark.parametrize(("assessed", "failed"), [(1, 2), (3, -1)])
def test_impossible_counts_are_refused(rule: MakeRule, assessed: int, failed: int) -> None:
    with pytest.raises(ValueError, match="assessed"):
        score([(rule("required", "a"), assessed, failed)])


def test_every_rule_dimension_has_a_place_in_the_standard() -> None:
    assert set(GB_DIMENSION_OF) == set(DIMENSIONS)
    assert set(GB_DIMENSION_OF.values()) == set(GB_DIMENSIONS) - {"accessibility"}
