"""What maintenance does: backups of one moment, the age of rejected rows, indicators."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.errors import CityBrainError
from pipelines.ageing import ageing
from pipelines.backup import back_up
from pipelines.decisions import waiting
from pipelines.indicators import indicators
from tests.support.city import NAME, SHOPS, City

SHOP = "raw.trade__shop"


@pytest.fixture
def rejected(small: City) -> City:
    """A city in which one shop of five is in the quarantine."""
    small.source("shop.csv", SHOPS + "4,,north,2020-01-01\n5,Oil,north,2020-01-01\n")
    assert small.run().exit_code == 0
    return small


@pytest.mark.sqlite_files
def test_a_backup_can_be_read_and_is_whole(small: City, tmp_path: Path) -> None:
    small.run()
    done = back_up(small.load(), tmp_path / "backups")
    assert sorted(done.files) == ["catalog.db", "lake.db"]
    with sqlite3.connect(done.folder / "catalog.db") as copy:
        assert copy.execute("SELECT count(*) FROM snapshot").fetchone() == (5,)
    with sqlite3.connect(done.folder / "lake.db") as copy:
        assert copy.execute("SELECT count(*) FROM iceberg_tables").fetchone() == (5,)


def test_old_backups_go_and_other_folders_stay_hidden(small: City) -> None:
    small.run("raw.civil__district")
    kept = [back_up(small.load(), keep=2) for _ in range(3)]
    assert [item.removed for item in kept] == [0, 0, 1]
    there = sorted(path.name for path in kept[0].folder.parent.iterdir())
    assert there == [kept[1].folder.name, kept[2].folder.name]


def test_a_backup_that_fails_leaves_nothing(small: City, tmp_path: Path) -> None:
    small.run("raw.civil__district")
    (small.home.lake / "iceberg.db").unlink()
    with pytest.raises(CityBrainError) as raised:
        back_up(small.load(), tmp_path / "backups")
    assert raised.value.code == "backup_failed"
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_waits_for_a_run(small: City) -> None:
    small.run("raw.civil__district")
    with small.home.lock(NAME), pytest.raises(CityBrainError) as raised:
        back_up(small.load(), wait=0.1)
    assert raised.value.code == "locked"


@pytest.mark.slow
def test_postgres_is_dumped(small: City, postgres: object, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.url("backups")  # type: ignore[attr-defined]
    monkeypatch.setenv("CITYBRAIN_DATABASE", url)
    small.run("raw.civil__district")
    done = back_up(small.load())
    assert (done.folder / "catalog.dump").read_bytes().startswith(b"PGDMP")


def test_rejected_rows_grow_old(rejected: City) -> None:
    now = datetime.now(UTC)
    (young,) = ageing(rejected.load())
    assert (young.resource, young.department, young.rows) == (SHOP, "trade", (1, 0, 0, 0))
    later = [ageing(rejected.load(), now + timedelta(days=d))[0].rows for d in (8, 40, 400)]
    assert later == [(0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]
    rejected.source("shop.csv", SHOPS)
    rejected.run()
    assert ageing(rejected.load()) == []


def test_indicators(rejected: City) -> None:
    found = indicators(rejected.load())
    raw = found.databases[0]
    assert (raw.database, raw.resources, raw.available, raw.through) == ("raw", 2, 2, 2)
    assert (raw.rows, raw.reconciled) == (6, 2)
    assert raw.quarantined_percent == pytest.approx(100 / 7)
    assert raw.score is not None and 0.5 < raw.score < 1
    assert (found.late, found.held) == (0, 0)
    rejected.settings("[gate]\nwarn_quarantined_percent = 1.0\n")
    rejected.run()
    assert len(waiting(rejected.load())) == indicators(rejected.load()).held == 1
