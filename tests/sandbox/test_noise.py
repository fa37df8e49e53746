"""The noise is what its scale says, loses what OpenDP states, and what is stated is enough."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import noise
from sandbox.accounting import Mode

DRAWS = 4_000
SLACK = 6  # standard errors: once in five hundred million runs


@given(l2=st.floats(1, 1e9), rho=st.floats(1e-6, 10))
@settings(max_examples=50, deadline=None)
def test_a_scale_keeps_to_its_loss(l2: float, rho: float) -> None:
    scale = noise.gaussian_scale(l2, rho)
    assert noise.gaussian_loss(l2, scale) <= rho
    assert scale == pytest.approx(l2 / math.sqrt(2 * rho))


def test_gaussian_noise_has_its_spread() -> None:
    values = noise.gaussian([1000] * DRAWS, 20.0)
    assert noise.gaussian_loss(1.0, 20.0) == pytest.approx(1 / 800)
    assert abs(statistics.mean(values) - 1000) < SLACK * 20 / math.sqrt(DRAWS)
    assert abs(statistics.stdev(values) - 20) < SLACK * 20 / math.sqrt(2 * DRAWS)
    assert all(isinstance(value, int) for value in values)


def test_laplace_noise_has_its_spread() -> None:
    scale = noise.laplace_scale(3, 0.5)
    values = noise.laplace([0] * DRAWS, scale)
    assert noise.laplace_loss(3, scale) <= 0.5
    spread = math.sqrt(2) * scale
    assert abs(statistics.mean(values)) < SLACK * spread / math.sqrt(DRAWS)
    assert statistics.stdev(values) == pytest.approx(spread, rel=0.15)


@given(
    groups=st.integers(1, 20),
    most=st.integers(1, 50),
    scale=st.floats(0.5, 200),
    power=st.integers(5, 12),
    mode=st.sampled_from(["zcdp", "pure"]),
)
@settings(max_examples=50, deadline=None)
def test_the_threshold_is_the_least_that_suffices(
    groups: int, most: int, scale: float, power: int, mode: Mode
) -> None:
    delta = 10.0**-power
    threshold = noise.threshold_for(groups, most, scale, delta, mode)
    assert noise.threshold_loss(groups, most, scale, threshold, mode)[1] <= delta
    if threshold > most + 1:
        assert noise.threshold_loss(groups, most, scale, threshold - 1, mode)[1] > delta


@pytest.mark.parametrize("mode", ["zcdp", "pure"])
def test_a_group_of_one_unit_stays_hidden(mode: Mode) -> None:
    """With delta 1e-9, none of 20,000 groups of one unit is seen; all of 5,000 units are."""
    scale = 3.0
    threshold = noise.threshold_for(1, 1, scale, 1e-9, mode)
    exact = {f"one{i}": 1 for i in range(20_000)} | {f"many{i}": 5_000 for i in range(50)}
    found = noise.above_threshold(exact, scale, threshold, mode)
    assert sorted(found) == sorted(f"many{i}" for i in range(50))


def test_no_delta_is_no_threshold() -> None:
    with pytest.raises(ValueError):
        noise.threshold_for(1, 1, 5.0, 0.0)


@pytest.mark.parametrize("mode", ["zcdp", "pure"])
def test_the_best_score_wins_by_its_margin(mode: Mode) -> None:
    scale = noise.best_scale(1, 0.5, mode)
    assert noise.best_loss(1, scale, mode) <= 0.5
    wins = [noise.best([0, 100, 0], scale, mode) for _ in range(300)]
    assert wins.count(1) == 300
    even = [noise.best([0, 0], scale, mode) for _ in range(2_000)]
    assert abs(sum(even) - 1_000) < SLACK * math.sqrt(500)


@given(
    sensitivity=st.integers(1, 10_000),
    loss=st.floats(1e-6, 10),
    mode=st.sampled_from(["zcdp", "pure"]),
)
@settings(max_examples=50, deadline=None)
def test_a_choice_keeps_to_its_loss(sensitivity: int, loss: float, mode: Mode) -> None:
    scale = noise.best_scale(sensitivity, loss, mode)
    assert loss * 0.999 <= noise.best_loss(sensitivity, scale, mode) <= loss


@pytest.mark.parametrize("l1", [1, 3, 2**62, 10_000 * 2**62])
@pytest.mark.parametrize("epsilon", [1e-6, 0.1, 5.0])
def test_a_pure_scale_keeps_to_its_loss(l1: int, epsilon: float) -> None:
    scale = noise.laplace_scale(l1, epsilon)
    assert noise.laplace_loss(l1, scale) <= epsilon
    assert scale == pytest.approx(l1 / epsilon)
