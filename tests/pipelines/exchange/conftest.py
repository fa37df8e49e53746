"""An exchange of an invented city."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import PostgresServer, postgres
from tests.support.exchange import Market, market

__all__ = ["postgres"]


@pytest.fixture
def open_market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    with market(tmp_path / "city") as made:
        yield made


@pytest.fixture
def postgres_market(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> Iterator[Market]:
    """The same with the catalogue database on PostgreSQL."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CITYBRAIN_DATABASE", postgres.url("exchange"))
    with market(tmp_path / "city") as made:
        yield made
