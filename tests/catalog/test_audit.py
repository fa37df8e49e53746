"""The audit log in its database: a chain that several writers add to, found again page by page."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from catalog.audit.offline import Verifier
from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.errors import CatalogError

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
CITY = "city"


@pytest.fixture
def store(database_url: str) -> Iterator[CatalogStore]:
    with CatalogStore.open(database_url) as store:
        yield store


def record(subject: str = "open.x", **changes: Any) -> AuditRecord:
    values: dict[str, Any] = {"at": AT, "actor": "account:wang", "action": "publish"}
    return AuditRecord(**(values | {"subject": subject} | changes))


def faults(store: CatalogStore, workspace: str = CITY) -> list[str]:
    state = store.audit.state(workspace)
    assert state is not None
    verifier = Verifier(state.id, [], {})
    for entry, stored in store.audit.entries(workspace):
        verifier.add(entry, stored)
    return [str(one) for one in verifier.end(state.size, state.head)]


def test_what_is_added_is_found(store: CatalogStore) -> None:
    written = record(
        "open.y", outcome="field_not_granted", under="g1", purpose="信用", fields=("a", "b"),
        rows=2**40, snapshot=2**62, detail={"request": "r-1"},
    )  # fmt: skip
    assert store.audit.append(CITY, record(), written) == range(1, 3)
    assert store.audit.append("other", record()) == range(1, 2)
    (found, first) = store.audit.newest(CITY)
    assert (found.record, found.sequence, first.record) == (written, 2, record())
    assert store.audit.one(CITY, 1) == first and store.audit.one(CITY, 3) is None
    assert faults(store) == [] and faults(store, "other") == []


def test_pages_and_filters(store: CatalogStore) -> None:
    for number in range(10):
        store.audit.append(CITY, record(f"t{number % 2}", actor=f"account:{number % 3}"))
    assert [one.sequence for one in store.audit.newest(CITY, limit=3)] == [10, 9, 8]
    assert [one.sequence for one in store.audit.newest(CITY, before=8, limit=3)] == [7, 6, 5]
    assert [one.sequence for one in store.audit.newest(CITY, subject="t1")] == [10, 8, 6, 4, 2]
    both = store.audit.newest(CITY, subject="t1", actor="account:0", action="publish")
    assert [one.sequence for one in both] == [10, 4]
    all_of_them = store.audit.newest(CITY)[::-1]
    since, until = all_of_them[3].recorded_at, all_of_them[6].recorded_at
    some = store.audit.newest(CITY, since=since, until=until)
    assert {one.sequence for one in some} == {
        one.sequence for one in all_of_them if since <= one.recorded_at < until
    }
    assert store.audit.newest(CITY, since=until + timedelta(days=1)) == []
    assert store.audit.newest("nowhere") == [] and store.audit.state("nowhere") is None


@pytest.mark.parametrize("told", ["\x00", "\ud800", "x" * 100_000, "字" * 5_000, "'; DROP TABLE"])
def test_whatever_is_told_is_kept_and_verifies(store: CatalogStore, told: str) -> None:
    said = record(told, actor=told, under=told, purpose=told, outcome=told, fields=(told,))
    store.audit.append(CITY, said, record(detail={told: told}))
    found, _ = store.audit.newest(CITY)[::-1]
    assert len(found.record.subject) <= 500 and found.record.subject == found.record.actor
    assert store.audit.newest(CITY, subject=found.record.subject)[-1] == found
    assert faults(store) == []


@pytest.mark.parametrize(
    "table", ["audit_record", "audit_checkpoint", "audit_node", "audit_timestamp"]
)
@pytest.mark.parametrize("change", ["UPDATE {} SET log_id = 7", "DELETE FROM {}"])
def test_nothing_is_changed_or_removed(store: CatalogStore, table: str, change: str) -> None:
    store.audit.append(CITY, record())
    with store._writing() as con:
        con.execute(text("INSERT INTO audit_node VALUES (1, 8, 0, '')"))
        con.execute(text("INSERT INTO audit_checkpoint VALUES (1, 1, 1, '', '', '', '', '', '')"))
        now = "CURRENT_TIMESTAMP"
        con.execute(text(f"INSERT INTO audit_timestamp VALUES (1, 1, {now}, {now}, '')"))
    with pytest.raises(CatalogError), store._writing() as con:
        con.execute(text(change.format(table)))


def test_many_threads_make_one_chain(store: CatalogStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = [
            pool.submit(store.audit.append, CITY, record(str(n)), record(str(n)))
            for n in range(100)
        ]
    assert sorted(n for one in numbers for n in one.result()) == list(range(1, 201))
    for one in numbers:  # those of one call follow each other
        assert len({store.audit.one(CITY, n).record.subject for n in one.result()}) == 1  # type: ignore[union-attr]
    assert faults(store) == []


def test_a_batch_is_added_once(store: CatalogStore) -> None:
    assert len(store.audit.append(CITY, record(), record(), batch="b")) == 2
    assert len(store.audit.append(CITY, record(), record(), batch="b")) == 0
    assert len(store.audit.append("other", record(), batch="b")) == 1
    with store._writing() as con:
        assert len(store.audit.append_in(con, CITY, [record()], batch="b")) == 0
    assert [one.sequence for one in store.audit.newest(CITY)] == [2, 1]


def test_within_a_transaction(store: CatalogStore) -> None:
    with suppress(RuntimeError), store._write() as session:
        store.audit.append_in(session, CITY, [record("lost")])
        raise RuntimeError
    with store._write() as session:
        store.audit.append_in(session, CITY, [record("kept")])
    store.audit.append(CITY, record("after"))
    assert [one.record.subject for one in store.audit.newest(CITY)] == ["after", "kept"]
    assert faults(store) == []


def test_a_log_without_timestamps_gives_nothing_where_they_are_a_condition(
    database_url: str,
) -> None:
    now = AT
    with CatalogStore.open(database_url, clock=lambda: now) as store:
        store.audit.append(CITY, record())
        now += timedelta(days=1)
        store.audit.keep_anchored(CITY, 90_000, 3600)
        for action in ("exchange", "query", "record", "answer", "quote"):
            with pytest.raises(CatalogError) as caught:
                store.audit.append(CITY, record(action=action))
            assert caught.value.code == "audit_stamp_overdue"
            assert caught.value.fields["since"] == AT.isoformat(timespec="seconds")
        with pytest.raises(CatalogError) as caught:
            store.audit.check(CITY)
        assert caught.value.code == "audit_stamp_overdue"
        store.audit.append(CITY, record(action="exchange", outcome="grant_missing"))
        store.audit.append(CITY, record(action="hold"))
        store.audit.keep_anchored(CITY, 90_000)
        store.audit.append(CITY, record(action="exchange"))
        assert store.audit.overdue(CITY) is None


def test_a_check_is_not_remembered_past_the_older_limit(database_url: str) -> None:
    """Checkpoints are in time, and remembered as being so; timestamps are not."""
    now = AT
    with CatalogStore.open(database_url, clock=lambda: now) as store:
        store.audit.keep_anchored(CITY, 3600, 60)
        store.audit.append(CITY, record())
        now += timedelta(seconds=50)
        key = Ed25519PrivateKey.generate()
        store.checkpoints.make(CITY, key)
        store.audit.append(CITY, record())
        store.audit.check(CITY)
        now += timedelta(seconds=11)
        with pytest.raises(CatalogError) as caught:
            store.audit.check(CITY)
        assert caught.value.code == "audit_stamp_overdue"


def test_an_overdue_log_gives_nothing(database_url: str) -> None:
    now = AT
    with CatalogStore.open(database_url, clock=lambda: now) as store:
        store.audit.append(CITY, record())
        now += timedelta(days=1)
        store.audit.append(CITY, record(action="exchange"))  # nobody has undertaken to anchor
        store.audit.keep_anchored(CITY, 3600)
        for action in ("exchange", "query", "record", "answer", "quote"):
            with pytest.raises(CatalogError) as caught:
                store.audit.append(CITY, record(action=action))
            assert caught.value.code == "audit_overdue"
        with pytest.raises(CatalogError), store._write() as session:
            store.audit.append_in(session, CITY, [record(action="exchange")])
        store.audit.append(CITY, record(action="hold"))
        assert [one.sequence for one in store.audit.newest(CITY)] == [3, 2, 1]
        store.audit.keep_anchored(CITY, 90_000)
        store.audit.append(CITY, record(action="exchange"))


def test_who_looks_for_nul_is_told_so(store: CatalogStore) -> None:
    """PostgreSQL takes no text with it; SQLite does, and finds nothing."""
    store.audit.append(CITY, record())
    if store._engine.dialect.name == "sqlite":
        assert store.audit.newest(CITY, actor="a\x00b") == []
        return
    with pytest.raises(CatalogError) as caught:
        store.audit.newest(CITY, actor="a\x00b")
    assert caught.value.code == "text_nul" and "0x00" in caught.value.text("en")
    assert len(store.audit.newest(CITY)) == 1
