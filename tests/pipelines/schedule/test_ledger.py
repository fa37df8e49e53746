"""The ledger decides what is due: retries, cleared tasks, doubled and missed events change nothing."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from catalog.database import CatalogStore
from catalog.errors import CityBrainError
from pipelines.run import RunOptions
from pipelines.schedule.asking import due_stages, note_late_now
from pipelines.schedule.duerun import DueResult, run_due
from tests.support.city import NAME, SHOPS, City, csv
from tests.support.killing import Death

NOW = datetime.now(UTC).replace(microsecond=0)
STAGES = ("collect.civil", "collect.trade", "build.base", "build.thematic", "build.fusion")


def ask(city: City, stage: str, at: datetime | None = None, wait: float = 0) -> DueResult:
    return run_due(city.root, stage, at, RunOptions(wait=wait))


def a_day(city: City, at: datetime | None = None) -> dict[str, str]:
    """Every stage once, in order; what became of each."""
    return {stage: ask(city, stage, at).what for stage in STAGES}


def why(city: City, stage: str, at: datetime | None = None) -> dict[str, str]:
    (found,) = due_stages(city.plan(), stage, at)
    return {need.table: need.why for need in found.needs.values()}


def publishes(city: City) -> dict[str, int]:
    """How many snapshots each table ever had."""
    with city.lake() as lake:
        return {table: len(lake.history(table)) for table in sorted(lake.tables())}


def runs(city: City) -> int:
    with CatalogStore.open(city.home.database_url) as store:
        return len(store.runs(NAME, 1000))


def entries(city: City, stage: str) -> list[tuple[datetime, str, int]]:
    with CatalogStore.open(city.home.database_url) as store:
        return [(e.at, e.state, e.attempt) for e in store.ledger.entries(NAME, stage)]


def test_a_day_is_collected_and_built_once(small: City) -> None:
    assert set(a_day(small, NOW).values()) == {"ran"}
    once = publishes(small)
    assert set(once.values()) == {1}
    done = runs(small)
    assert set(a_day(small, NOW).values()) == {"already"}  # retries, cleared tasks
    assert set(a_day(small).values()) == {"nothing"}  # doubled events, sweeps
    assert (publishes(small), runs(small)) == (once, done)


def test_a_missed_event_is_made_up_for_by_any_later_wake_up(small: City) -> None:
    a_day(small)
    small.source("shop.csv", SHOPS.replace("Tea", "Coffee"))
    assert why(small, "collect.trade") == {}  # its slot was collected
    tomorrow = NOW + timedelta(days=1)
    assert why(small, "collect.trade", tomorrow) == {"raw.trade__shop": "slot"}
    small.run("raw.*")
    # Nobody told the builds; each finds out by itself when it is asked for whatever reason.
    assert why(small, "build.base") == {"base.shop": "inputs"}
    assert {s: ask(small, s).what for s in STAGES[2:]} == dict.fromkeys(STAGES[2:], "ran")
    assert "COFFEE" in str(small.rows("base.shop"))


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        (
            "definition",
            lambda c: c.write(
                "models/base/shop.sql", "SELECT id, name, district FROM raw.trade__shop\n"
            ),
        ),
        ("definition", lambda c: c.settings("[gate]\nmax_quarantined_percent = 10.0\n")),
    ],
)
def test_what_makes_a_build_due(small: City, reason: str, change: Callable[[City], object]) -> None:
    a_day(small)
    change(small)
    assert why(small, "build.base") == {"base.shop": reason}
    assert ask(small, "build.base").exit_code == 0
    assert why(small, "build.base") == {}


def test_a_month_of_days_has_an_entry_each_and_one_publish(small: City) -> None:
    days = [NOW - timedelta(days=number) for number in range(30, 0, -1)]
    results = [ask(small, "collect.trade", day) for day in days]
    assert [r.what for r in results] == ["ran"] * 30
    assert [state for _, state, _ in entries(small, "collect.trade")] == ["settled"] * 30
    with CatalogStore.open(small.home.database_url) as store:
        slots = [row.slot for row in store.ledger.slots(NAME, "raw.trade__shop")]
    assert len(set(slots)) == 30
    assert {b - a for a, b in zip(slots[1:], slots, strict=False)} == {timedelta(days=1)}  # no gap
    assert publishes(small) == {"raw.trade__shop": 1}
    again = [ask(small, "collect.trade", day) for day in reversed(days)]
    assert {r.what for r in again} == {"already"}
    assert publishes(small) == {"raw.trade__shop": 1}


def test_what_came_late_is_collected_by_the_retry(small: City) -> None:
    (small.root / "source/shop.csv").unlink()
    first = ask(small, "collect.trade", NOW)
    assert (first.exit_code, first.tables[0].status) == (3, "missing")
    assert ask(small, "collect.trade", NOW).exit_code == 3
    small.source("shop.csv", SHOPS)
    third = ask(small, "collect.trade", NOW)
    assert (third.exit_code, third.what) == (0, "ran")
    assert entries(small, "collect.trade") == [(NOW, "settled", 3)]


def test_a_blocked_table_leaves_the_next_layers_stale_with_their_last_good_snapshot(
    small: City,
) -> None:
    a_day(small)
    good = {name: small.current(name) for name in ("raw.trade__shop", "base.shop")}
    rows = [f"{i},,north,2020-01-01" for i in range(10)]
    small.source("shop.csv", csv("id,name,district,opened", *rows))
    assert ask(small, "collect.trade").what == "nothing"  # today's slot was collected already
    blocked = ask(small, "collect.trade", NOW - timedelta(days=2))
    assert blocked.exit_code == 3
    (table,) = blocked.tables
    assert (table.status, table.code, table.quarantined) == ("blocked", "gate_quarantined", 10)
    assert [(rule.rule, rule.failed) for rule in table.broken] == [("required:name", 10)]
    assert table.look == f"citybrain quarantine show {small.root} raw.trade__shop"
    base = ask(small, "build.base")
    assert (base.exit_code, base.tables[0].status) == (3, "stale")
    assert ask(small, "build.thematic").tables[0].status == "stale"
    assert {name: small.current(name) for name in good} == good
    # Asked again nothing has changed, and the answer is the same.
    again = ask(small, "build.base")
    assert (again.what, again.exit_code, again.tables[0].status) == ("nothing", 3, "stale")
    # The department mends its file: everything gets through again.
    small.source("shop.csv", SHOPS)
    assert ask(small, "collect.trade", NOW - timedelta(days=3)).exit_code == 0
    assert [ask(small, s).exit_code for s in ("build.base", "build.thematic")] == [0, 0]


def test_two_departments_with_several_cadences(small: City) -> None:
    path = small.root / "contracts/trade/shop.yaml"
    path.write_text(
        path.read_text() + "slaProperties: [{property: frequency, value: 1, unit: m}]\n"
    )
    small.collected("trade/daily", "- {name: id, logicalType: integer}")
    small.source("daily.csv", "id\n1\n")
    first = datetime(2026, 3, 1, 7, tzinfo=UTC)
    assert set(why(small, "collect.trade", first)) == {"raw.trade__shop", "raw.trade__daily"}
    ask(small, "collect.trade", first)
    second = first + timedelta(days=1)
    assert why(small, "collect.trade", second) == {"raw.trade__daily": "slot"}
    assert {t.table: t.ran for t in ask(small, "collect.trade", second).tables} == {
        "raw.trade__daily": True,
        "raw.trade__shop": False,
    }


def test_a_moment_in_the_future_and_an_unknown_stage(small: City) -> None:
    for stage, at, code in (
        ("collect.trade", NOW + timedelta(days=1), "due_future"),
        ("collect.nobody", NOW, "stage_unknown"),
    ):
        with pytest.raises(CityBrainError) as raised:
            ask(small, stage, at)
        assert raised.value.code == code


def test_nothing_due_at_a_moment_is_an_entry_without_a_run(small: City) -> None:
    ask(small, "collect.trade", NOW)
    done = runs(small)
    later = NOW + timedelta(microseconds=1)
    assert ask(small, "collect.trade", later).what == "nothing"
    assert entries(small, "collect.trade")[0] == (later, "settled", 1)
    assert runs(small) == done
    with CatalogStore.open(small.home.database_url) as store:
        assert store.ledger.forget(NAME, later + timedelta(seconds=1)) == 1
        assert [e.at for e in store.ledger.entries(NAME, "collect.trade")] == [NOW]


# -- late departments -----------------------------------------------------------------------------


def test_a_late_department_is_named_until_it_has_delivered(small: City) -> None:
    plan = small.plan()
    assert note_late_now(plan) == []  # the catalogue has just heard of the resources
    tomorrow = datetime.now(UTC) + timedelta(days=2)
    late = note_late_now(plan, tomorrow)
    assert [(row.department, row.resource) for row in late] == [
        ("civil", "raw.civil__district"),
        ("trade", "raw.trade__shop"),
    ]
    assert all(row.deadline - row.slot == timedelta(hours=12) for row in late)
    assert note_late_now(plan, tomorrow) == late  # noticed once
    assert note_late_now(plan) == []
    with CatalogStore.open(small.home.database_url) as store:
        assert [row.settled_at is None for row in store.ledger.late(NAME)] == [False, False]


# -- several processes ----------------------------------------------------------------------------


def start(program: list[str], city: City, *arguments: str) -> subprocess.Popen[str]:
    command = [*program, "run", str(city.root), "--json", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))


@pytest.mark.slow
def test_two_schedulers_at_once_publish_once(small: City, program: list[str]) -> None:
    asked = ["--due", "collect.trade", "--at", NOW.isoformat(), "--wait", "120"]
    both = [start(program, small, *asked), start(program, small, *asked)]
    told = [json.loads(process.communicate(timeout=180)[0]) for process in both]
    assert sorted(t["what"] for t in told) == ["already", "ran"]
    assert {t["run"] for t in told} == {told[0]["run"]}
    assert {t["exit_code"] for t in told} == {0}
    assert publishes(small) == {"raw.trade__shop": 1}
    assert entries(small, "collect.trade") == [(NOW, "settled", 1)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "death",
    [
        Death("pipelines.lake:Lake.publish"),
        Death("pipelines.lake:Lake.publish", "after"),
        Death("catalog.database.ledger:Ledger.record_slots"),
        Death("catalog.database.ledger:Ledger.finish", "after"),
    ],
    ids=str,
)
def test_a_killed_claim_is_taken_over_without_a_second_publish(
    small: City, death: Death, program: list[str]
) -> None:
    code = (
        "import sys; from datetime import datetime; from pathlib import Path\n"
        "from tests.support.killing import Death, arm\n"
        "from pipelines.schedule.duerun import run_due\n"
        f"arm(Death({death.target!r}, {death.when!r}, {death.nth}))\n"
        f"run_due(Path({str(small.root)!r}), 'collect.trade', datetime.fromisoformat({NOW.isoformat()!r}))\n"
    )
    done = subprocess.run([*program, "-c", code], check=False)
    assert done.returncode == -9
    result = ask(small, "collect.trade", NOW)
    assert result.exit_code == 0
    assert publishes(small) == {"raw.trade__shop": 1}
    ((at, state, attempt),) = entries(small, "collect.trade")
    assert (at, state) == (NOW, "settled")
    assert attempt == (1 if death.when == "after" and "finish" in death.target else 2)
    assert why(small, "collect.trade", NOW) == {}
    assert len(small.rows("raw.trade__shop")) == 3


def test_waiting_for_another_run(small: City) -> None:
    with small.home.lock(NAME), pytest.raises(CityBrainError) as raised:
        ask(small, "collect.trade", NOW, wait=0.2)
    assert raised.value.code == "locked"
    assert ask(small, "collect.trade", NOW).what == "ran"
