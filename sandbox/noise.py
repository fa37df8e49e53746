"""The mechanisms: noise on small vectors of whole numbers, by OpenDP's framework.

What each loses is what OpenDP's own privacy map states: rho in the mode `zcdp`, epsilon in the mode
`pure`. Nothing here sees rows, floats or text of a partner.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sandbox.accounting import Mode


def gaussian_scale(l2: float, rho: float) -> float:
    """The standard deviation with which a vector of this sensitivity loses `rho`."""
    scale = l2 / math.sqrt(2 * rho)
    while gaussian_loss(l2, scale) > rho:
        scale = math.nextafter(scale, math.inf)
    return scale


def gaussian_loss(l2: float, scale: float) -> float:
    """The loss of discrete Gaussian noise (Canonne, Kamath & Steinke 2020)."""
    return float(_gaussian(scale).map(l2))


def gaussian(exact: Sequence[int], scale: float) -> tuple[int, ...]:
    """Discrete Gaussian noise on every number."""
    return tuple(_gaussian(scale)(list(exact)))


def laplace_scale(l1: float, epsilon: float) -> float:
    """The scale with which a vector of this sensitivity loses `epsilon`, purely."""
    scale = l1 / epsilon
    while laplace_loss(l1, scale) > epsilon:
        scale = math.nextafter(scale, math.inf)
    return scale


def laplace_loss(l1: float, scale: float) -> float:
    """The pure epsilon of discrete Laplace noise."""
    return float(_laplace(scale).map(l1))


def laplace(exact: Sequence[int], scale: float) -> tuple[int, ...]:
    """Discrete Laplace noise on every number."""
    return tuple(_laplace(scale)(list(exact)))


def threshold_loss(
    groups: int, most: int, scale: float, threshold: int, mode: Mode = "zcdp"
) -> tuple[float, float]:
    """The loss (rho or epsilon, and delta) of counts that are given only above a threshold.

    Args:
        groups, most: how many counts one unit can move, and each by how much.
    """
    far = float(groups * most)
    if mode == "zcdp":
        far = math.nextafter(math.sqrt(groups) * most, math.inf)
    loss, delta = _threshold(scale, threshold, mode).map((groups, far, float(most)))
    return float(loss), float(delta)


def threshold_for(groups: int, most: int, scale: float, delta: float, mode: Mode = "zcdp") -> int:
    """The least threshold whose delta is not above `delta`.

    Raises:
        ValueError: when `delta` is not positive.
    """
    if not delta > 0:
        raise ValueError("delta must be positive")
    low, high = most, most + 1
    while threshold_loss(groups, most, scale, high, mode)[1] > delta:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if threshold_loss(groups, most, scale, middle, mode)[1] > delta:
            low = middle
        else:
            high = middle
    return high


def above_threshold(
    exact: Mapping[str, int], scale: float, threshold: int, mode: Mode = "zcdp"
) -> dict[str, int]:
    """Noisy counts of the keys whose noisy count reaches the threshold."""
    found: dict[str, int] = _threshold(scale, threshold, mode)(dict(exact))
    return found


def best(scores: Sequence[int], scale: float, mode: Mode = "zcdp") -> int:
    """The place of the greatest score, privately.

    Report noisy max: in zCDP with Gumbel noise (the exponential mechanism), purely with exponential
    noise (permute and flip, McKenna & Sheldon 2020).
    """
    return int(_noisy_max(scale, mode)(list(scores)))


def best_loss(sensitivity: int, scale: float, mode: Mode = "zcdp") -> float:
    """The loss of `best`, when one unit moves no score by more than `sensitivity`."""
    return float(_noisy_max(scale, mode).map(sensitivity))


def best_scale(sensitivity: int, loss: float, mode: Mode = "zcdp") -> float:
    """The scale with which `best` loses `loss`."""
    scale = 2 * sensitivity / loss if mode == "pure" else sensitivity / math.sqrt(2 * loss)
    while best_loss(sensitivity, scale, mode) > loss:
        scale = math.nextafter(scale, math.inf)
    return scale


@lru_cache(maxsize=256)
def _gaussian(scale: float) -> Any:
    from opendp.measurements import make_gaussian
    from opendp.metrics import l2_distance

    return make_gaussian(_vector(), l2_distance(T="f64"), scale=scale)


@lru_cache(maxsize=256)
def _laplace(scale: float) -> Any:
    from opendp.measurements import make_laplace
    from opendp.metrics import l1_distance

    return make_laplace(_vector(), l1_distance(T="f64"), scale=scale)


@lru_cache(maxsize=256)
def _threshold(scale: float, threshold: int, mode: Mode) -> Any:
    from opendp.domains import atom_domain, map_domain
    from opendp.measurements import make_gaussian_threshold, make_laplace_threshold
    from opendp.metrics import absolute_distance, l01inf_distance, l02inf_distance

    _vector()
    domain = map_domain(atom_domain(T="String"), atom_domain(T="i64"))
    if mode == "pure":
        metric = l01inf_distance(absolute_distance(T="f64"))
        return make_laplace_threshold(domain, metric, scale=scale, threshold=threshold)
    metric = l02inf_distance(absolute_distance(T="f64"))
    return make_gaussian_threshold(domain, metric, scale=scale, threshold=threshold)


@lru_cache(maxsize=256)
def _noisy_max(scale: float, mode: Mode) -> Any:
    from opendp.measurements import make_noisy_max
    from opendp.measures import max_divergence, zero_concentrated_divergence
    from opendp.metrics import linf_distance

    measure = max_divergence() if mode == "pure" else zero_concentrated_divergence()
    return make_noisy_max(_vector(), linf_distance(T="i64"), measure, scale)


@lru_cache(maxsize=1)
def _vector() -> Any:
    from opendp.domains import atom_domain, vector_domain
    from opendp.mod import enable_features

    enable_features("contrib")
    return vector_domain(atom_domain(T="i64"))
