"""An empirical audit: how well can a test tell two neighbouring data sets by the answers?

Whoever answers with (epsilon, delta) differential privacy has P(A) <= exp(epsilon) P'(A) + delta for every
event A, so counted answers give a lower bound on epsilon (Jagielski et al. 2020). The event is chosen on
one half of the answers and judged on the other, with exact binomial limits (Clopper & Pearson 1934).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import beta

CONFIDENCE = 1 - 1e-4  # of both limits together, for each direction


def epsilon_at_least(
    first: Sequence[float], second: Sequence[float], delta: float, confidence: float = CONFIDENCE
) -> float:
    """The greatest epsilon that the answers rule out to be smaller; 0 when they rule out none."""
    one, other = np.asarray(first), np.asarray(second)
    return max(_directed(one, other, delta, confidence), _directed(other, one, delta, confidence))


def _directed(one: np.ndarray, other: np.ndarray, delta: float, confidence: float) -> float:
    found = 0.0
    for sign in (1, -1):
        event = _event(sign * one[::2], sign * other[::2], delta)
        hits = int((sign * one[1::2] >= event).sum())
        misses = int((sign * other[1::2] >= event).sum())
        low = _lower(hits, len(one[1::2]), (1 - confidence) / 4)
        high = _upper(misses, len(other[1::2]), (1 - confidence) / 4)
        if low > delta and high > 0:
            found = max(found, math.log((low - delta) / high))
    return found


def _event(one: np.ndarray, other: np.ndarray, delta: float) -> float:
    """The limit from which on answers speak most for the first data set."""
    limits = np.unique(np.concatenate([one, other]))
    limits = limits[:: max(len(limits) // 2_000, 1)]
    a = 1 - np.searchsorted(np.sort(one), limits) / len(one)
    b = 1 - np.searchsorted(np.sort(other), limits) / len(other)
    # A few standard errors are taken off, so that no rare event is chosen by luck.
    low = np.maximum(a - 3 * np.sqrt(a * (1 - a) / len(one)) - 5 / len(one) - delta, 1e-12)
    high = b + 3 * np.sqrt(b * (1 - b) / len(other)) + 5 / len(other)
    best: float = limits[int(np.argmax(np.log(low / high)))]
    return best


def _lower(hits: int, of: int, risk: float) -> float:
    return float(beta.ppf(risk, hits, of - hits + 1)) if hits else 0.0


def _upper(hits: int, of: int, risk: float) -> float:
    return float(beta.ppf(1 - risk, hits + 1, of - hits)) if hits < of else 1.0
