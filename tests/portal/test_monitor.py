"""A question at work ends within seconds when what allowed it ends, and only then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import CatalogError
from portal.jobs import Job
from portal.monitor import SECONDS, Monitor
from sandbox.pricing import Asked
from tests.portal.bureau import Bureau, instruments, make_bureau, take
from tests.portal.inside import Inside, inside
from tests.portal.test_jobs import Slow
from tests.support.city import NAME

SQL = "SELECT COUNT(*) AS n FROM sandbox.firm WHERE paid < {}.25"


@pytest.fixture
def bureau(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bureau:
    """A bureau of this test alone: its documents end."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    return make_bureau(tmp_path)


@pytest.fixture
def portal(bureau: Bureau, tmp_path: Path) -> Iterator[Inside]:
    with inside(bureau, tmp_path / "keys") as made:
        yield made


@pytest.fixture
def slow(portal: Inside, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    made = Slow(portal)
    monkeypatch.setattr(portal.opened.desk, "_count", made)
    yield made
    made.go.set()


def start(portal: Inside, slow: Slow, number: int = 1, **changes: Any) -> Job:
    values = {"partner": "bank-a", "user": "wang", "purpose": "credit", "agreement": "agreement-a"}
    asked = Asked(
        **{**values, "text": SQL.format(number), "epsilon": 0.1, "accuracy": None} | changes
    )  # type: ignore[arg-type]
    return portal.service.jobs.start(asked, f"key-{number}", time.monotonic())


def revoke(portal: Inside, kind: Any, id: str) -> None:
    store = portal.opened.store
    store.instruments.revoke(NAME, kind, id, at=portal.clock(), by="tax", reason="over")


@pytest.mark.parametrize(("kind", "id"), [("agreement", "agreement-a"), ("letter", "letter-tax")])
def test_a_running_question_ends_within_two_seconds(
    portal: Inside, slow: Slow, kind: str, id: str
) -> None:
    job = start(portal, slow)
    assert slow.started.wait(30)
    time.sleep(2 * SECONDS)
    assert not job.future.done()  # it is left alone as long as it may go on
    began = time.monotonic()
    revoke(portal, kind, id)
    error = job.future.exception(timeout=10)
    assert time.monotonic() - began < 2 * SECONDS + 0.5
    assert getattr(error, "code", "") == "agreement_ended"
    balance = portal.opened.store.budgets.balance(NAME, "agreement-a", "enterprise")
    assert balance.spent.rho_units > 0  # what was charged stays charged


def test_a_new_version_without_the_view_ends_it_too(
    portal: Inside, slow: Slow, bureau: Bureau
) -> None:
    job = start(portal, slow)
    assert slow.started.wait(30)
    views = [{"name": "sandbox.firm", "fields": ["area"]}]
    with bureau.store() as store:
        take(store, {**instruments(views=views)[1], "version": 2})
    portal.clock.later(seconds=60)
    assert getattr(job.future.exception(timeout=10), "code", "") == "agreement_ended"


def test_what_others_lose_ends_nothing(portal: Inside, slow: Slow, bureau: Bureau) -> None:
    with bureau.store() as store:
        take(store, {**instruments()[1], "id": "agreement-z"})
    job = start(portal, slow)
    assert slow.started.wait(30)
    portal.clock.later(seconds=60)
    revoke(portal, "agreement", "agreement-z")
    assert portal.service.monitor.look() == []
    slow.go.set()
    assert job.future.result(timeout=30).table.rows


def test_who_may_not_ask_reads_why(portal: Inside, slow: Slow) -> None:
    job = start(portal, slow, user="nobody")
    error = job.future.exception(timeout=30)
    assert getattr(error, "code", "") == "user_not_named"


def test_a_fault_of_the_database_ends_nothing_and_any_other_does(
    portal: Inside, slow: Slow
) -> None:
    job = start(portal, slow)
    assert slow.started.wait(30)

    def fails(error: Exception) -> Monitor:
        def check(_asked: Asked) -> None:
            raise error

        return Monitor(portal.service.jobs, check)

    assert fails(CatalogError("database_failed", problem="-")).look() == []
    assert fails(RuntimeError("what is this")).look() == [job]
    assert getattr(job.future.exception(timeout=10), "code", "") == "agreement_ended"
