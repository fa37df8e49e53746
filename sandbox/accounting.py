"""Privacy loss, counted in whole units.

A ledger must add without rounding: so a loss is kept as a whole number of `UNITS`-ths, rounded up
where it is spent. In the mode `zcdp` it is rho of zero-concentrated differential privacy (Bun & Steinke,
"Concentrated Differential Privacy", 2016), and epsilon is for people: it is computed from rho at the
agreement's delta by OpenDP's conversion and never added up. In the mode `pure` it is epsilon itself.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from typing import Any, Literal

from sandbox.errors import SandboxError

Mode = Literal["zcdp", "pure"]

UNITS = 10**12  # of rho or of epsilon; the smallest loss that can be charged
_EXACT = 1e-9  # of a rho that is searched for, relative
_STEPS = 20


def spent_units(loss: float) -> int:
    """What a loss costs, rounded up."""
    return int((Decimal(loss) * UNITS).to_integral_value(ROUND_CEILING))


def granted_units(loss: float) -> int:
    """What a budget holds, rounded down."""
    return int((Decimal(loss) * UNITS).to_integral_value(ROUND_FLOOR))


def rho_of(units: int) -> float:
    """Units as rho, or as epsilon, for showing."""
    return units / UNITS


def checked_epsilon(epsilon: float) -> float:
    """An epsilon that means something.

    Raises:
        SandboxError: `bad_epsilon` when it is zero, negative, NaN, infinite or subnormal.
    """
    if not math.isfinite(epsilon) or epsilon < 2.2250738585072014e-308:
        raise SandboxError("bad_epsilon")
    return epsilon


def epsilon_of(rho: float, delta: float) -> float:
    """The least epsilon known for a loss of `rho` at `delta`.

    Uses OpenDP's conversion (Canonne, Kamath & Steinke 2020, proposition 7).
    """
    if rho == 0:
        return 0.0
    # The measurement with scale 1 loses rho at this distance; rounding up loses no guarantee.
    distance = math.nextafter(math.sqrt(2 * rho), math.inf)
    return float(_converted().map(distance).epsilon(delta))


@lru_cache(maxsize=1024)
def rho_for(epsilon: float, delta: float) -> float:
    """The greatest rho whose epsilon at `delta` is not above `epsilon`."""
    checked_epsilon(epsilon)
    rho = _near(epsilon, delta)
    if rho is None:
        return _halved(epsilon, delta)
    by = _EXACT
    while epsilon_of(rho, delta) > epsilon:
        rho *= 1 - by
        by *= 2
    return rho


def _near(epsilon: float, delta: float) -> float | None:
    """A rho whose epsilon is very near; None where it is not found.

    Epsilon is nearly a power of rho, so secants through its logarithms need a few steps. The first is
    from rho + 2 sqrt(rho log(1 / delta)), never below epsilon (Bun & Steinke 2016, proposition 1.3).
    """
    root = math.log(1 / delta)
    rho = (epsilon / (math.sqrt(root + epsilon) + math.sqrt(root))) ** 2
    last, missed = 0.0, 0.0
    for step in range(_STEPS):
        found = epsilon_of(rho, delta) if rho > 0 else 0.0
        if found <= 0:
            return None
        here, miss = math.log(rho), math.log(found / epsilon)
        if abs(miss) < _EXACT:
            return rho
        slope = (here - last) / (miss - missed) if step and miss != missed else 1.0
        last, missed = here, miss
        rho = math.exp(here - miss * slope)
    return None


def _halved(epsilon: float, delta: float) -> float:
    low, high = 0.0, 1.0
    while epsilon_of(high, delta) < epsilon:
        low, high = high, high * 2
    while high - low > low * _EXACT:
        middle = (low + high) / 2
        if epsilon_of(middle, delta) <= epsilon:
            low = middle
        else:
            high = middle
    return low


def pure_rho(epsilon: float) -> float:
    """What a loss of pure epsilon counts as: epsilon**2 / 2 (Bun & Steinke 2016, proposition 1.4).

    With a delta besides, it is the rho of delta-approximate zCDP (the same, section 8).
    """
    return math.nextafter(epsilon * epsilon / 2, math.inf)


@lru_cache(maxsize=1)
def _converted() -> Any:
    from opendp.combinators import make_zCDP_to_approxDP
    from opendp.domains import atom_domain
    from opendp.measurements import make_gaussian
    from opendp.metrics import absolute_distance
    from opendp.mod import enable_features

    enable_features("contrib")
    unit = make_gaussian(atom_domain(T="i64"), absolute_distance(T="f64"), scale=1.0)
    return make_zCDP_to_approxDP(unit)
