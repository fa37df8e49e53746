"""Databases that are collected in increments: changes, tombstones and compared keys."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.incremental.period import Period
from pipelines.run import RunOptions, run_workspace
from tests.support.city import City
from tests.support.seeds import seeds

pytestmark = pytest.mark.slow
PERMIT = "raw.trade__permit"
SERVER = (
    "- server: source\n  type: custom\n  customProperties:\n"
    "  - {property: database, value: {connection: trade_db, table: permit}}\n"
)
FIELDS = """
- {name: seq, logicalType: integer, required: true, classification: L1}
- {name: op, logicalType: string, classification: L1}
- {name: id, logicalType: integer, primaryKey: true, classification: L1}
- {name: fee, logicalType: integer, logicalTypeOptions: {minimum: 0}, classification: L1}
"""


class Source:
    """A department's database with a table `permit`."""

    def __init__(self, path: Path) -> None:
        self._con = sqlite3.connect(path)
        self.do("CREATE TABLE permit (seq INTEGER, op TEXT, id INTEGER, fee INTEGER)")

    def do(self, sql: str, *values: Any) -> list[Any]:
        found = self._con.execute(sql, values).fetchall()
        self._con.commit()
        return found

    def close(self) -> None:
        self._con.close()


@pytest.fixture
def source(city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    city.settings("[gate]\nmax_quarantined_percent = 100\n")
    monkeypatch.setenv("CITYBRAIN_CONNECTION_TRADE_DB", f"sqlite:///{tmp_path / 'trade.db'}")
    monkeypatch.setattr("pipelines.incremental.parts.PART_ROWS", 4)
    made = Source(tmp_path / "trade.db")
    yield made
    made.close()


def contract(city: City, collect: str) -> None:
    city.collected(
        "trade/permit", FIELDS, servers=SERVER, custom=f"- {{property: collect, value: {collect}}}"
    )


def permits(city: City) -> list[Any]:
    return city.rows(PERMIT, "id, fee, seq")


def rebuilt(city: City) -> list[Any]:
    """The same, fetched anew; the increments go on from it."""
    assert city.run(full=True).exit_code == 0
    return permits(city)


@pytest.mark.parametrize("seed", seeds(1, 3))
def test_the_last_sound_change_of_a_key_holds(seed: int, city: City, source: Source) -> None:
    contract(city, "{mode: changes, cursor: seq, deleted: {field: op, values: [D, gone]}}")
    chance = random.Random(seed)
    holds: dict[int, tuple[int, int, int]] = {}
    seq = 0
    for round_ in range(6):
        for _ in range(chance.randint(0, 12)):
            seq += 1
            key, fee = chance.randrange(9), chance.choice([-1, 1, 2, 3])
            op = chance.choice(["I", "U", "U", "D", "gone"])
            source.do("INSERT INTO permit VALUES (?, ?, ?, ?)", seq, op, key, fee)
            if op in ("D", "gone"):
                holds.pop(key, None)
            elif fee >= 0:
                holds[key] = (key, fee, seq)
        city.run()
        assert permits(city) == sorted(holds.values()), (seed, round_)
    assert rebuilt(city) == sorted(holds.values())


def test_the_account_names_tombstones_and_overtaken_changes(city: City, source: Source) -> None:
    contract(city, "{mode: changes, cursor: seq, deleted: {field: op, values: D}}")
    for row in [(1, "I", 1, 5), (2, "U", 1, 6), (3, "I", 2, 5), (4, "D", 2, None), (5, "I", 3, -1)]:
        source.do("INSERT INTO permit VALUES (?, ?, ?, ?)", *row)
    counts = city.outcome(PERMIT).counts
    assert counts is not None
    assert (counts.received, counts.published, counts.quarantined) == (5, 1, 1)
    assert counts.filtered == {"superseded": 2, "deleted": 1}
    source.do("INSERT INTO permit VALUES (6, 'D', 1, NULL)")
    counts = city.outcome(PERMIT).counts
    assert counts is not None
    assert (counts.filtered, permits(city)) == ({"deleted": 1}, [])
    assert [reasons for _, reasons in city.reasons(PERMIT)] == [("range:fee",)]
    assert city.outcome(PERMIT).status == "unchanged"


@pytest.mark.parametrize("seed", range(2))
def test_rows_that_leave_a_table_are_found_by_its_keys(
    seed: int, city: City, source: Source
) -> None:
    contract(city, "{mode: incremental, cursor: seq, deleted: compare}")
    chance = random.Random(seed)
    seq = 0
    for round_ in range(6):
        for _ in range(chance.randint(0, 5)):
            seq += 1
            key = chance.randrange(12)
            source.do("DELETE FROM permit WHERE id = ?", key)
            if chance.random() < 0.7:
                source.do("INSERT INTO permit VALUES (?, 'x', ?, ?)", seq, key, seq % 5)
        outcome = city.outcome(PERMIT)
        there = source.do("SELECT id, fee, seq FROM permit ORDER BY id")
        assert permits(city) == there, (seed, round_, outcome.status)
    assert city.outcome(PERMIT).status == "unchanged"
    assert rebuilt(city) == there


def test_a_key_that_another_row_has_waits_until_it_is_free(city: City, source: Source) -> None:
    """Two rows change at once; one is rejected, so the key that it was to give up is still taken."""
    city.collected(
        "trade/permit",
        FIELDS.replace(
            "name: fee, logicalType: integer,", "name: fee, logicalType: integer, unique: true,"
        ),
        servers=SERVER,
        custom="- {property: collect, value: {mode: incremental, cursor: seq}}",
    )
    source.do("INSERT INTO permit VALUES (1, 'x', 1, 5), (2, 'x', 2, 7)")
    city.run()
    source.do("UPDATE permit SET fee = 7, seq = 3 WHERE id = 1")
    city.run()
    assert permits(city) == [(1, 5, 1), (2, 7, 2)]  # 7 is taken
    source.do("INSERT INTO permit VALUES (4, 'x', 3, 5), (5, 'x', 1, 7)")
    city.run()
    assert permits(city) == [(1, 5, 1), (2, 7, 2)]  # 1 stays 5, so 3 cannot be 5
    source.do("INSERT INTO permit VALUES (6, 'x', 1, 8), (7, 'x', 4, 5)")
    city.run()
    assert permits(city) == [(1, 8, 6), (2, 7, 2), (4, 5, 7)]


def test_a_backfill_fetches_again_what_the_cursor_has_passed(city: City, source: Source) -> None:
    source.do("DROP TABLE permit")
    source.do("CREATE TABLE permit (id INTEGER, fee INTEGER, changed TEXT)")
    city.collected(
        "trade/permit",
        "- {name: id, logicalType: integer, primaryKey: true, classification: L1}\n"
        "- {name: fee, logicalType: integer, classification: L1}\n"
        "- {name: changed, logicalType: timestamp, required: true, classification: L1}\n",
        servers=SERVER,
        custom="- {property: collect, value: {mode: incremental, cursor: changed}}",
    )
    for day in (1, 2, 3):
        source.do("INSERT INTO permit VALUES (?, ?, ?)", day, day, f"2026-01-0{day} 00:00:00")
    city.run()
    # The department corrects rows without touching their time.
    source.do("UPDATE permit SET fee = fee + 10 WHERE id < 3")
    assert city.outcome(PERMIT).status == "unchanged"
    options = RunOptions((PERMIT,), period=Period(date(2026, 1, 2), None))
    assert run_workspace(city.root, options).outcomes[PERMIT].status == "published"
    assert city.rows(PERMIT, "id, fee") == [(1, 1), (2, 12), (3, 3)]
    current = city.current(PERMIT)
    assert current is not None
    assert current.properties["watermark"].startswith("2026-01-03")


def test_a_row_that_is_committed_later_with_the_last_cursor_is_not_missed(
    city: City, source: Source
) -> None:
    contract(city, "{mode: incremental, cursor: seq}")
    source.do("INSERT INTO permit VALUES (1, 'x', 1, 5), (2, 'x', 2, 5), (2, 'x', 3, -1)")
    city.run()
    assert city.outcome(PERMIT).status == "unchanged"
    source.do("INSERT INTO permit VALUES (2, 'x', 4, 7)")
    counts = city.outcome(PERMIT).counts
    assert counts is not None
    # Rows that were there are not received again, nor is the rejected one quarantined twice.
    assert (counts.received, counts.published, counts.quarantined) == (1, 1, 0)
    assert len(city.reasons(PERMIT)) == 1
    source.do("UPDATE permit SET fee = 6 WHERE id = 2")
    city.run()
    assert permits(city) == [(1, 5, 1), (2, 6, 2), (4, 7, 2)]
    source.do("UPDATE permit SET fee = 5 WHERE id = 2")
    city.run()
    assert city.outcome(PERMIT).status == "unchanged"
    assert permits(city) == [(1, 5, 1), (2, 5, 2), (4, 7, 2)]
    assert rebuilt(city) == permits(city)
    assert city.outcome(PERMIT).status == "unchanged"


def test_a_row_that_comes_back_with_the_last_cursor_is_found(city: City, source: Source) -> None:
    contract(city, "{mode: incremental, cursor: seq, deleted: compare}")
    source.do("INSERT INTO permit VALUES (1, 'x', 1, 5), (1, 'x', 2, 5)")
    city.run()
    source.do("DELETE FROM permit WHERE id = 2")
    city.run()
    assert permits(city) == [(1, 5, 1)]
    source.do("INSERT INTO permit VALUES (1, 'x', 2, 5)")
    city.run()
    assert permits(city) == [(1, 5, 1), (2, 5, 1)]


def test_without_a_key_rows_at_the_last_cursor_are_not_appended_twice(
    city: City, source: Source
) -> None:
    city.collected(
        "trade/permit",
        FIELDS.replace(" primaryKey: true,", ""),
        servers=SERVER,
        custom="- {property: collect, value: {mode: incremental, cursor: seq}}",
    )
    source.do("INSERT INTO permit VALUES (1, 'x', 1, 5), (1, 'x', 1, 5)")
    city.run()
    assert city.outcome(PERMIT).status == "unchanged"
    source.do("INSERT INTO permit VALUES (2, 'x', 2, 5)")
    city.run()
    assert permits(city) == [(1, 5, 1), (1, 5, 1), (2, 5, 2)]


@pytest.mark.parametrize("seed", seeds(1, 3))
def test_a_coarse_cursor_gives_what_fetching_everything_gives(
    seed: int, city: City, source: Source
) -> None:
    """Rows come, change and come late, many at one cursor; rejected ones stay as they were."""
    contract(city, "{mode: incremental, cursor: seq}")
    chance = random.Random(seed)
    for round_ in range(6):
        seq = 1 + round_ // 2
        for _ in range(chance.randint(not round_, 5)):
            key = chance.randrange(9)
            source.do("DELETE FROM permit WHERE id = ?", key)
            source.do("INSERT INTO permit VALUES (?, 'x', ?, ?)", seq, key, chance.randrange(5))
        city.run()
        there = source.do("SELECT id, fee, seq FROM permit ORDER BY id")
        assert permits(city) == there, (seed, round_)
        assert city.outcome(PERMIT).status == "unchanged", (seed, round_)
    assert rebuilt(city) == there
