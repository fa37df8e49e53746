"""Losses are whole units that add without rounding, and epsilon is what OpenDP says it is."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.accounting import (
    UNITS,
    checked_epsilon,
    epsilon_of,
    granted_units,
    pure_rho,
    rho_for,
    rho_of,
    spent_units,
)
from sandbox.errors import SandboxError


@given(rho=st.floats(1e-9, 1e3))
def test_what_is_spent_is_rounded_up_and_what_is_granted_down(rho: float) -> None:
    assert granted_units(rho) <= rho * UNITS * (1 + 1e-15)
    assert spent_units(rho) >= rho * UNITS * (1 - 1e-15)
    assert 0 <= spent_units(rho) - granted_units(rho) <= 1


def test_units_of_a_tenth() -> None:
    assert spent_units(0.5) == UNITS // 2 == granted_units(0.5)
    assert rho_of(UNITS // 4) == 0.25


@pytest.mark.parametrize(
    "epsilon", [0.0, -1.0, math.nan, math.inf, -math.inf, 5e-324, 1e-310, -0.0]
)
def test_an_epsilon_without_meaning_is_refused(epsilon: float) -> None:
    with pytest.raises(SandboxError) as caught:
        checked_epsilon(epsilon)
    assert caught.value.code == "bad_epsilon"
    with pytest.raises(SandboxError):
        rho_for(epsilon, 1e-6)


@pytest.mark.parametrize("delta", [1e-5, 1e-8])
@pytest.mark.parametrize("rho", [1e-6, 0.01, 0.1, 1.0, 5.0])
def test_epsilon_is_between_what_is_known(rho: float, delta: float) -> None:
    """Not above Bun & Steinke's bound (proposition 1.3), not below pure differential privacy's rho."""
    bound = rho + 2 * math.sqrt(rho * math.log(1 / delta))
    found = epsilon_of(rho, delta)
    assert rho < found <= bound
    # The exact curve of a Gaussian of the same rho (Balle & Wang 2018) is a lower bound.
    assert found >= _gaussian_epsilon(rho, delta)


def _gaussian_epsilon(rho: float, delta: float) -> float:
    shift = math.sqrt(2 * rho)

    def of(epsilon: float) -> float:
        def phi(x: float) -> float:
            return math.erfc(-x / math.sqrt(2)) / 2

        first = phi(shift / 2 - epsilon / shift)
        return first - math.exp(epsilon) * phi(-shift / 2 - epsilon / shift)

    low, high = 0.0, 100.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if of(middle) > delta else (low, middle)
    return low


@given(epsilon=st.floats(1e-3, 20))
@settings(max_examples=50, deadline=None)
def test_a_budget_of_rho_keeps_to_its_epsilon(epsilon: float) -> None:
    rho = rho_for(epsilon, 1e-7)
    assert epsilon_of(rho, 1e-7) <= epsilon
    assert epsilon_of(rho * 1.001, 1e-7) > epsilon


def test_nothing_lost_is_epsilon_zero() -> None:
    assert epsilon_of(0.0, 1e-6) == 0.0


@given(epsilon=st.floats(1e-6, 20))
def test_a_pure_epsilon_in_rho(epsilon: float) -> None:
    """Randomised response loses exactly epsilon; its Renyi divergence is never above alpha rho."""
    rho = pure_rho(epsilon)
    assert rho == pytest.approx(epsilon**2 / 2)
    assert rho >= epsilon**2 / 2
    yes = 1 / (1 + math.exp(-epsilon))
    no = 1 - yes
    for alpha in (1.01, 2.0, 5.0, 20.0):
        # In logarithms: a power of a small probability would vanish.
        terms = [
            alpha * math.log(one) + (1 - alpha) * math.log(other)
            for one, other in ((yes, no), (no, yes))
            if one > 0 < other
        ]
        most = max(terms)
        divergence = (most + math.log(sum(math.exp(t - most) for t in terms))) / (alpha - 1)
        assert divergence <= alpha * rho * (1 + 1e-6) + 1e-9


def test_units_of_epsilon_are_rounded_up() -> None:
    assert spent_units(0.1) == 10**11 + 1  # the float is a little above a tenth
    assert spent_units(0.0) == 0
