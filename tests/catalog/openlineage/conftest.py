"""A receiver of events, and an environment without anyone's configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.openlineage import receiver  # noqa: F401 - a fixture


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No settings of OpenLineage, and none that the client leaves in the environment."""
    before = dict(os.environ)
    for name in [n for n in os.environ if n.startswith("OPENLINEAGE")]:
        monkeypatch.delenv(name)
    home = tmp_path / "person"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    yield
    for name in set(os.environ) - set(before):
        if name.startswith("OPENLINEAGE"):
            del os.environ[name]
