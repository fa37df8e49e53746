"""Many at once for the last unit, processes that die, and sequences compared with a simple model."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.database import CatalogStore
from catalog.database.budget_records import Amount, Charge
from catalog.database.budget_rows import locked_dataset
from catalog.errors import CatalogError
from tests.catalog.test_budgets import CITY, DATA, opened, request

pytestmark = pytest.mark.slow
CHARGER = r"""
import sys, threading, time
from pathlib import Path
from catalog.database import CatalogStore
from catalog.database.budget_records import Amount, ChargeRequest
from catalog.errors import CatalogError
url, start, me, threads = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
said = []
def ask(n):
    key = f"{me}-{n}"
    try:
        store.budgets.charge("tainan", ChargeRequest(
            "bank-a", "agreement-a", "sandbox.enterprise", key, key, Amount(1), {}))
        said.append("served")
    except Exception as error:
        said.append(getattr(error, "code", repr(error)))
with CatalogStore.open(url) as store:
    Path(f"{start}-{me}").touch()
    while not start.exists():
        time.sleep(0.005)
    asking = [threading.Thread(target=ask, args=(n,)) for n in range(threads)]
    for one in asking: one.start()
    for one in asking: one.join()
print("\n".join(said))
"""
DIES = """
import os, signal, sys
from catalog.database import CatalogStore
from catalog.database.budget_records import Amount, ChargeRequest
store = CatalogStore.open(sys.argv[1])
store.budgets.charge("tainan", ChargeRequest(
    "bank-a", "agreement-a", "sandbox.enterprise", "a", "question a", Amount(10), {}))
os.kill(os.getpid(), signal.SIGKILL)
"""


def _threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What the work gave in each thread; they start together."""
    gate, found = threading.Barrier(count), [None] * count

    def one(n: int) -> None:
        gate.wait()
        found[n] = work(n)

    started = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return found


def test_of_fifty_one_gets_the_last_unit(
    store: CatalogStore, database_url: str, tmp_path: Any
) -> None:
    opened(store.budgets, granted=11)
    store.budgets.charge(CITY, request("first", 10))
    start, workers = tmp_path / "start", [f"worker{n}" for n in range(2)]
    command = [sys.executable, "-c", CHARGER, database_url, str(start)]
    started = [
        subprocess.Popen([*command, name, "25"], stdout=subprocess.PIPE, text=True)
        for name in workers
    ]
    while not all((tmp_path / f"start-{name}").exists() for name in workers):
        assert all(process.poll() is None for process in started)
    start.touch()
    said = [line for process in started for line in process.communicate(timeout=60)[0].split()]
    assert sorted(said) == ["budget_exhausted"] * 49 + ["served"]
    assert store.budgets.balance(CITY, "agreement-a", DATA).left.rho_units == 0
    assert store.budgets.verify(CITY, DATA) == []


def test_whoever_charges_waits_for_the_one_before(store: CatalogStore) -> None:
    opened(store.budgets, granted=1)
    said: list[str] = []

    def ask(n: int) -> None:
        try:
            store.budgets.charge(CITY, request(f"key {n}", 1))
            said.append("served")
        except CatalogError as error:
            said.append(error.code)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    with store._write() as session:
        locked_dataset(session, CITY, DATA)
        for thread in threads:
            thread.start()
        threads[0].join(0.3)
        assert said == []
    for thread in threads:
        thread.join()
    assert sorted(said) == ["budget_exhausted"] * 3 + ["served"]


def test_one_key_at_once_is_charged_once(store: CatalogStore) -> None:
    opened(store.budgets)
    found: list[Charge] = _threads(8, lambda n: store.budgets.charge(CITY, request("a")))
    assert len({charge.id for charge in found}) == 1
    assert sorted(charge.again for charge in found) == [False] + [True] * 7


def test_one_key_at_once_on_two_datasets_is_charged_once(store: CatalogStore) -> None:
    budgets = opened(store.budgets)
    budgets.register_cap(CITY, "other", version=1, amount=Amount(1_000), renewal="none")
    opened(budgets, dataset="other")

    def ask(n: int) -> str:
        try:
            budgets.charge(CITY, request("a", dataset=(DATA, "other")[n % 2]))
        except CatalogError as error:
            return error.code
        return "charged"

    found = _threads(8, ask)
    assert found.count("charged") == found.count("idempotency_key_reused") == 4
    assert len(budgets.history(CITY)) == 1
    assert budgets.verify(CITY, DATA) == budgets.verify(CITY, "other") == []


def test_one_answer_is_stored_at_once(store: CatalogStore) -> None:
    charged = opened(store.budgets).charge(CITY, request("a"))
    answers = _threads(8, lambda n: store.budgets.store_answer(charged.id, {"n": n}, {}))
    assert len({answer.id for answer in answers}) == 1
    assert len({answer.payload["n"] for answer in answers}) == 1


def test_a_process_that_dies_before_it_answers(store: CatalogStore, database_url: str) -> None:
    budgets = opened(store.budgets)
    died = subprocess.run([sys.executable, "-c", DIES, database_url], check=False)
    assert died.returncode == -signal.SIGKILL
    charged = budgets.charge(CITY, request("a"))
    assert charged.again
    assert budgets.answer_of(charged.id) is None
    answer = budgets.store_answer(charged.id, {"cells": [1]}, {DATA: 1})
    retried = budgets.charge(CITY, request("a"))
    assert budgets.store_answer(retried.id, {"cells": [2]}, {DATA: 1}) == answer
    assert len(budgets.history(CITY)) == 1
    assert budgets.balance(CITY, "agreement-a", DATA).spent == Amount(10)
    assert budgets.verify(CITY, DATA) == []


# A simple model


@dataclass
class Model:
    """What a ledger should do, said with lists alone."""

    cap: tuple[int, str]
    grants: list[tuple[int, str]]
    charges: list[tuple[int, int, datetime]] = field(default_factory=list)  # who, how much, when

    def left(self, who: int | None, at: datetime) -> int:
        granted, renewal = self.cap if who is None else self.grants[who]
        spent = [
            amount
            for partner, amount, when in self.charges
            if who in (None, partner) and _same_period(renewal, when, at)
        ]
        return max(granted - sum(spent), 0)

    def charge(self, who: int, amount: int, at: datetime) -> str | None:
        if amount > self.left(who, at):
            return "account"
        if amount > self.left(None, at):
            return "cap"
        self.charges.append((who, amount, at))
        return None


def _same_period(renewal: str, one: datetime, other: datetime) -> bool:
    parts: dict[str, Callable[[datetime], tuple[int, ...]]] = {
        "none": lambda at: (),
        "month": lambda at: (at.year, at.month),
        "quarter": lambda at: (at.year, (at.month + 2) // 3),
        "year": lambda at: (at.year,),
    }
    return parts[renewal](one) == parts[renewal](other)


RENEWALS = st.sampled_from(["none", "month", "quarter", "year"])
BOUND = st.tuples(st.integers(0, 60), RENEWALS)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("charge"), st.integers(0, 1), st.integers(1, 30)),
        st.tuples(st.just("wait"), st.integers(0, 200), st.integers(0, 86_399)),
        st.tuples(st.just("cap"), BOUND, st.none()),
        st.tuples(st.just("terms"), st.integers(0, 1), BOUND),
    ),
    max_size=12,
)
SERIAL = itertools.count()


@given(cap=BOUND, grants=st.tuples(BOUND, BOUND), steps=STEPS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_sequence_is_as_the_model_says(
    database_url: str, cap: Any, grants: Any, steps: list[Any]
) -> None:
    data, now = f"data{next(SERIAL)}", datetime(2026, 1, 31, 12, tzinfo=UTC)
    model = Model(cap, list(grants))
    with CatalogStore.open(database_url, clock=lambda: now) as store:
        ledger, versions = Driver(store, data), itertools.count(2)
        ledger.cap(1, cap)
        for who in (0, 1):
            ledger.terms(who, 1, grants[who])
        for place, (kind, first, second) in enumerate(steps):
            if kind == "wait":
                now += timedelta(days=first, seconds=second)
            elif kind == "cap":
                model.cap = first
                ledger.cap(next(versions), first)
            elif kind == "terms":
                model.grants[first] = second
                ledger.terms(first, next(versions), second)
            else:
                refused = ledger.charge(first, second, f"{data} {place}")
                assert refused == model.charge(first, second, now)
            for who in (0, 1):
                balance = store.budgets.balance(CITY, f"agreement-{who}", data)
                left = model.left(who, now)
                assert balance.left.rho_units == left
                assert balance.cap_is_tighter == (model.left(None, now) < left)
        assert len(store.budgets.history(CITY, dataset=data)) == len(model.charges)
        assert store.budgets.verify(CITY, data) == []


@dataclass
class Driver:
    """The ledger under test, with the model's words."""

    store: CatalogStore
    data: str

    def cap(self, version: int, bound: tuple[int, Any]) -> None:
        self.store.budgets.register_cap(
            CITY, self.data, version=version, amount=Amount(bound[0]), renewal=bound[1]
        )

    def terms(self, who: int, version: int, bound: tuple[int, Any]) -> None:
        self.store.budgets.open_account(
            CITY,
            agreement=f"agreement-{who}",
            version=version,
            partner=f"bank-{who}",
            dataset=self.data,
            amount=Amount(bound[0]),
            renewal=bound[1],
        )

    def charge(self, who: int, amount: int, key: str) -> str | None:
        """Which bound refused it; asked twice, for that must change nothing."""
        changes = {"agreement": f"agreement-{who}", "partner": f"bank-{who}", "dataset": self.data}
        found: list[str | None] = []
        for _ in range(2):
            try:
                self.store.budgets.charge(CITY, request(key, amount, **changes))
                found.append(None)
            except CatalogError as error:
                found.append(str(error.fields["bound"]))
        assert found[0] == found[1]
        return found[0]
