"""A connection, and policies in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import duckdb
import pytest

from quality.risk import RiskPolicy, Thresholds

MakePolicy = Callable[..., RiskPolicy]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def policy() -> MakePolicy:
    """`policy("age", "sex", sensitive=("income",), k=5, t=0.3)`; tau follows from k."""

    def make(
        *quasi: str,
        sensitive: tuple[str, ...] = (),
        channel: str = "open",
        k: int = 2,
        direct: tuple[str, ...] = (),
        **bounds: Any,
    ) -> RiskPolicy:
        bounds = {"tau": Fraction(1, k), "risk": Fraction(1), **bounds}
        return RiskPolicy(
            "open.people", channel, quasi, sensitive, Thresholds(k=k, **bounds), direct
        )

    return make
