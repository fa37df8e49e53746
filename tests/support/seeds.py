"""How many random cases a test plays: some of them always, the others with `--thorough`."""

from __future__ import annotations

from typing import Any

import pytest


def seeds(always: int, thorough: int) -> list[Any]:
    """Seeds from 0 for `pytest.mark.parametrize`; those from `always` on are for `--thorough`."""
    more = [pytest.param(n, marks=pytest.mark.thorough) for n in range(always, thorough)]
    return [*range(always), *more]
