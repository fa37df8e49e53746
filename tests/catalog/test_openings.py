"""The log of all that partners asked for: added before an answer leaves, never changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, text

from catalog.database import CatalogStore
from catalog.database.openings import Opening
from catalog.errors import CatalogError

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
CITY = "city"


@pytest.fixture
def store(database_url: str) -> Iterator[CatalogStore]:
    with CatalogStore.open(database_url) as store:
        store.sync_resources(CITY, [])
        store.sync_resources("other", [])
        yield store


def call(subject: str, **changes: Any) -> Opening:
    values = {"at": AT, "partner": "bank-a", "user": "wang", "agreement": "a", "purpose": "credit"}
    values |= {"action": "query", "subject": subject, "outcome": "ok", "instruments": ("x@1",)}
    return Opening(**(values | changes))


def test_what_is_written_is_read(store: CatalogStore) -> None:
    written = [call("one"), call("two", agreement="b", outcome="unit_used", charge=7)]
    for one in written:
        store.openings.write(CITY, one)
    assert store.openings.newest(CITY) == written[::-1]
    assert store.openings.newest(CITY, agreement="a") == written[:1]
    assert store.openings.newest(CITY, limit=1) == written[1:]
    assert store.openings.newest("other") == []


@pytest.mark.parametrize("subject", ["\x00", "\ud800", "x" * 100_000, "'; DROP TABLE opening; --"])
def test_whatever_a_partner_sends_is_kept(store: CatalogStore, subject: str) -> None:
    store.openings.write(CITY, call(subject, user=subject, purpose=subject, agreement=subject))
    (found,) = store.openings.newest(CITY)
    assert len(found.subject) <= 4_000 and found.user == found.subject


@pytest.mark.parametrize("change", ["UPDATE opening SET outcome = 'ok'", "DELETE FROM opening"])
def test_nothing_is_changed_or_removed(store: CatalogStore, change: str) -> None:
    store.openings.write(CITY, call("one"))
    with pytest.raises(CatalogError), store._write() as session:
        session.execute(text(change))
    assert len(store.openings.newest(CITY)) == 1


def test_many_at_once(store: CatalogStore) -> None:
    """All are there when their writers go on, in far fewer transactions."""
    began = threading.Barrier(16)
    transactions = 0
    write = store.openings._write

    @contextmanager
    def counted() -> Iterator[Connection]:
        nonlocal transactions
        transactions += 1
        with write() as con:
            yield con

    store.openings._write = counted  # type: ignore[assignment]

    def ask(who: int) -> None:
        began.wait()
        for place in range(20):
            store.openings.write(CITY, call(f"{who} {place}"))
            mine = store.openings.newest(CITY, limit=1000)
            assert f"{who} {place}" in {one.subject for one in mine}

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(16)))
    found = [one.subject for one in store.openings.newest(CITY, limit=1000)]
    assert sorted(found) == sorted(f"{w} {p}" for w in range(16) for p in range(20))
    assert transactions < 320


def test_nobody_goes_on_without_it(store: CatalogStore) -> None:
    @contextmanager
    def broken() -> Iterator[Connection]:
        raise CatalogError("database_failed", url="x", problem="y")
        yield  # pragma: no cover

    whole, store.openings._write = store.openings._write, broken  # type: ignore[assignment]
    with ThreadPoolExecutor(4) as pool:
        ended = [pool.submit(store.openings.write, CITY, call(str(n))) for n in range(8)]
    assert {type(one.exception()) for one in ended} == {CatalogError}
    store.openings._write = whole
    store.openings.write(CITY, call("after"))
    assert [one.subject for one in store.openings.newest(CITY)] == ["after"]
