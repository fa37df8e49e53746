"""The section `[risk]` of workspace.toml."""

from __future__ import annotations

import tomllib
from fractions import Fraction

import pytest
from pydantic import ValidationError

from catalog.contract import Release
from quality.errors import QualityError
from quality.risk import RiskSettings, policy_of


def settings(text: str) -> RiskSettings:
    return RiskSettings.model_validate(tomllib.loads(text))


@pytest.mark.parametrize(
    ("channel", "tau", "k", "measure"),
    [
        ("open", Fraction(1, 20), 20, "max"),
        ("share", Fraction(1, 5), 5, "mean"),
        ("extract", Fraction(1, 5), 5, "mean"),
        ("sandbox", Fraction(1, 3), 3, "mean"),
    ],
)
def test_defaults(channel: str, tau: Fraction, k: int, measure: str) -> None:
    bounds = RiskSettings().thresholds(channel)
    assert (bounds.tau, bounds.k, bounds.measure) == (tau, k, measure)
    assert (bounds.risk, bounds.context, bounds.l, bounds.t) == (Fraction(1, 20), 1, None, None)


def test_what_is_not_given_stays() -> None:
    bounds = settings("threshold = 0.1\n[open]\nk = 30\nl = 2\nt = 0.4").thresholds("open")
    assert (bounds.tau, bounds.k, bounds.l, bounds.t) == (Fraction(1, 20), 30, 2, 0.4)
    assert bounds.risk == Fraction(1, 10)


@pytest.mark.parametrize(
    ("text", "tau", "k"),
    [("0.05", Fraction(1, 20), 20), ('"1/7"', Fraction(1, 7), 7), ("0.3", Fraction(3, 10), 4)],
)
def test_tau_is_exact_and_k_follows(text: str, tau: Fraction, k: int) -> None:
    bounds = settings(f"[share]\ntau = {text}").thresholds("share")
    assert (bounds.tau, bounds.k) == (tau, k)


@pytest.mark.parametrize(
    "text",
    [
        "[open]\ncontext = 0.5",  # a public release has the context risk 1
        "[open]\ntau = 0",
        "[open]\ntau = 1.5",
        '[open]\ntau = "1/0"',
        "[open]\ntau = true",
        "[open]\nk = 0",
        "[open]\nt = 2",
        "[open]\nlimit = 1",
        "[enclave]\ntau = 0.5",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        settings(text)


def test_unknown_channel() -> None:
    with pytest.raises(QualityError) as caught:
        RiskSettings().thresholds("leak")
    assert caught.value.code == "risk_channel"


def test_a_release_may_only_be_stricter() -> None:
    channel = settings("[open]\nl = 3\nt = 0.4")
    release = Release(quasi_identifiers=("age",), sensitive=("income",), k=30, l=2, t=0.2)
    policy = policy_of("open.people", release, channel)
    assert (policy.quasi_identifiers, policy.sensitive) == (("age",), ("income",))
    bounds = policy.thresholds
    assert (bounds.tau, bounds.k, bounds.l, bounds.t) == (Fraction(1, 20), 30, 3, 0.2)
    loose = policy_of("open.people", Release(k=2, t=0.9), channel).thresholds
    assert (loose.k, loose.l, loose.t) == (20, 3, 0.4)
    assert policy_of("open.people", Release(), RiskSettings()).thresholds.l is None


def test_every_public_name_exists() -> None:
    import quality.risk

    for name in quality.risk.__all__:
        assert getattr(quality.risk, name).__doc__
