"""Both databases that the catalogue runs on, and small records to put into them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.contract import Contract, ContractField
from catalog.database import CatalogStore, SnapshotRecord, StepRecord
from catalog.errors import Location
from tests.servers import PostgresServer, postgres

__all__ = ["postgres"]  # a fixture

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@dataclass
class SteppingClock:
    """A clock that advances a minute each time it is read."""

    now: datetime = field(default=NOON)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


class Samples:
    """Contracts and records with sensible values, of which a test changes the ones it is about."""

    noon = NOON

    @staticmethod
    def contract(name: str = "raw.health__clinics", **changes: Any) -> Contract:
        database, table = name.split(".")
        where = Location(Path("x.yaml"), 1)
        fields = (
            ContractField("id", "integer", "BIGINT", where, level="L1", key_position=1),
            ContractField("owner", "string", "VARCHAR", where, level="L3", title="負責人"),
        )
        values: dict[str, Any] = {"path": Path("x.yaml"), "version": "1.0.0", "title": "Clinics"}
        values |= {"department": "health", "fields": fields, "fingerprint": "c1"}
        return Contract(database=database, table=table, **values | changes)

    @staticmethod
    def snapshot(number: int, run_id: str = "run-1", **changes: Any) -> SnapshotRecord:
        values: dict[str, Any] = {"fingerprint": f"f{number}", "rows": 90}
        values["committed_at"] = NOON + timedelta(hours=number % 1000)
        return SnapshotRecord(snapshot_id=number, run_id=run_id, **values | changes)

    @staticmethod
    def step(status: str = "published", **changes: Any) -> StepRecord:
        values: dict[str, Any] = {
            "resource": "raw.health__clinics",
            "kind": "collect",
            "status": status,
            "started_at": NOON,
            "finished_at": NOON + timedelta(seconds=2.5),
        }
        if status in ("published", "partial"):
            counts = {"received": 100, "published": 90, "quarantined": 7, "filtered": 3}
            values |= {"snapshot": Samples.snapshot(1), **counts}
        return StepRecord(**values | changes)

    @staticmethod
    def run(store: CatalogStore, run_id: str, workspace: str = "tainan") -> str:
        store.start_run(
            workspace,
            run_id=run_id,
            selection="raw.*",
            source_dir=Path("/data"),
            engine="duckdb",
            pid=4321,
            host="bureau-1",
        )
        return run_id


@pytest.fixture(scope="session")
def samples() -> type[Samples]:
    return Samples


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.sqlite_files), "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database: without tables for tests of migrations, else as it pleases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'catalog.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"catalog_{uuid.uuid4().hex}"
    return server.url(name) if "migrations" in request.fixturenames else server.catalogue(name)


@pytest.fixture
def store(database_url: str, clock: SteppingClock) -> Iterator[CatalogStore]:
    with CatalogStore.open(database_url, clock=clock) as opened:
        yield opened


@pytest.fixture
def ready(store: CatalogStore, samples: type[Samples]) -> CatalogStore:
    """A store that knows two resources of Tainan, with `run-1` running."""
    store.sync_resources("tainan", [samples.contract(), samples.contract("base.clinic")])
    samples.run(store, "run-1")
    return store
