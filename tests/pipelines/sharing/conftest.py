"""The sharing desk of a small city, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import CatalogStore
from pipelines.plan import Plan
from pipelines.sharing.desk import SharingDesk
from tests.catalog.conftest import database_url
from tests.servers import postgres
from tests.support.city import City
from tests.support.sharing import Hands, sharing_city

__all__ = ["database_url", "postgres"]


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The compiled city; nothing of it is published."""
    city = City(Path(tmp_path_factory.mktemp("sharing")) / "city")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(city.root.parent / "home"))
        return sharing_city(city).plan()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def store(database_url: str, hands: Hands) -> Iterator[CatalogStore]:
    with CatalogStore.open(database_url, clock=hands) as opened:
        yield opened


@pytest.fixture
def desk(plan: Plan, store: CatalogStore, hands: Hands) -> SharingDesk:
    return SharingDesk(plan, store, hands)
