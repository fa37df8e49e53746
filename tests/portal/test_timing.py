"""How long an answer takes does not tell whether a firm exists.

Pairs of questions that differ in the one name are asked in an order that is drawn for each pair, each new
and counted in earnest. Two-sample Kolmogorov-Smirnov tests compare the latencies of both names: whole, and
what is left of them beyond multiples of the envelope's step, where a busy machine hides least. Were both kinds
of one distribution, one of the two would reject with a probability of at most `ALPHA`, half of it each (ties,
and what burdens both of a pair, make it less). A rejection has to come twice in a row, of fresh questions: by
chance that happens once in a million runs. What there is to find is found nonetheless: the same tests see 20 ms.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable

import pytest
from scipy.stats import ks_2samp

from tests.portal.twins import PLANTED, Attacker, Twins

pytestmark = pytest.mark.slow
ALPHA = 1e-3
PAIRS, FEW = 200, 60
WARM = 10
ABSENT = "owner of nil"  # as long as the name of the planted one
DELAY = 0.020
STEP = 0.050  # of the envelope, as the service has it unless it is told otherwise
_literals = itertools.count(1)

# The firm has 300 visits: all that its rows could cost is done for it.
SHAPES = [
    "SELECT COUNT(*) AS n, SUM(score) AS s FROM sandbox.firm JOIN sandbox.visit USING (code) WHERE owner = '{}' AND paid > -{}",
    "SELECT SUM(CASE WHEN owner = '{}' THEN CLAMP(paid * paid, 0, 100) ELSE paid END) AS s FROM sandbox.firm WHERE paid > -{}",
]


def latency(attacker: Attacker, shape: str, name: str) -> float:
    """Seconds of one question that was never asked before."""
    sql = shape.format(name, next(_literals))
    started = time.perf_counter()
    response = attacker.ask(sql, 0.05)
    took = time.perf_counter() - started
    assert response.status_code == 200, response.text
    assert response.json()["spent"]["rho"] > 0
    return took


def differ(measure: Callable[[str], float], pairs: int, seed: int) -> bool:
    """Whether the latencies of the two names are told apart."""
    rng = random.Random(seed)
    found: dict[str, list[float]] = {PLANTED: [], ABSENT: []}
    for name in [PLANTED, ABSENT] * WARM:
        measure(name)
    for _ in range(pairs):
        for name in rng.sample([PLANTED, ABSENT], 2):
            found[name].append(measure(name))
    one, other = found[PLANTED], found[ABSENT]
    whole = ks_2samp(one, other)
    within = ks_2samp([took % STEP for took in one], [took % STEP for took in other])
    return bool(min(whole.pvalue, within.pvalue) < ALPHA / 2)


@pytest.mark.parametrize("shape", SHAPES, ids=["join", "case"])
def test_time_does_not_tell_whether_a_firm_exists(twins: Twins, shape: str) -> None:
    def measure(name: str) -> float:
        return latency(twins.there, shape, name)

    pairs = PAIRS // len(SHAPES)
    assert not (differ(measure, pairs, 1) and differ(measure, pairs, 2))


def test_a_difference_of_twenty_milliseconds_is_found(twins: Twins) -> None:
    """Made behind the envelope, as if the answer itself had come later."""

    def measure(name: str) -> float:
        started = time.perf_counter()
        latency(twins.there, SHAPES[0], name)
        if name == PLANTED:
            time.sleep(DELAY)
        return time.perf_counter() - started

    assert differ(measure, FEW, 3) and differ(measure, FEW, 4)


def test_the_test_of_time_seldom_raises_a_false_alarm() -> None:
    """Latencies in steps of an envelope, on a machine whose load comes and goes."""
    rng = random.Random(5)

    def measure(_name: str) -> float:
        load = 0.05 if rng.random() < 0.1 else 0.0
        return 0.05 * rng.choice([1, 1, 1, 2]) + load + rng.random() / 1_000

    assert sum(differ(measure, FEW, seed) for seed in range(300)) <= 3
