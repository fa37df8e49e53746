"""Checkpoints in the database: made, refused, and proved from."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.audit import offline
from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.errors import CatalogError
from tests.catalog.audit_logs import FALSE, KEY, KEYS
from tests.support.databases import forced

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
CITY = "city"


@pytest.fixture
def store(database_url: str) -> Iterator[CatalogStore]:
    with CatalogStore.open(database_url) as store:
        yield store


def add(store: CatalogStore, count: int) -> None:
    store.audit.append(CITY, *(AuditRecord(AT, "system", "publish", str(n)) for n in range(count)))


def verified(store: CatalogStore) -> offline.Verifier:
    state = store.audit.state(CITY)
    assert state is not None
    checkpoints = [one.plain() for one in store.checkpoints.all(CITY)]
    verifier = offline.Verifier(state.id, checkpoints, KEYS)
    for entry, stored in store.audit.entries(CITY):
        verifier.add(entry, stored)
    verifier.end(state.size, state.head)
    return verifier


def test_a_log_that_grows_is_anchored_and_proved(store: CatalogStore) -> None:
    assert store.checkpoints.make(CITY, KEY) is None
    made = []
    for count in (1, 254, 1, 1, 300, 2000):
        add(store, count)
        made.append(store.checkpoints.make(CITY, KEY))
        assert store.checkpoints.make(CITY, KEY) == made[-1] == store.checkpoints.last(CITY)
    assert [one.size for one in made if one] == [1, 255, 256, 257, 557, 2557]
    assert store.checkpoints.all(CITY) == made
    found = verified(store)
    assert found.faults == [] and (found.records, found.checkpoints) == (2557, 6)
    state = store.audit.state(CITY)
    assert state is not None and state.anchored == 2557 and state.open_since is None
    for sequence in (1, 2, 255, 256, 257, 513, 2048, 2049, 2557):
        proof = store.checkpoints.proof(CITY, sequence)
        assert offline.proof_faults(proof, KEYS) == []
        proof["record"]["subject"] += "x"
        assert len(offline.proof_faults(proof, KEYS)) == 1
    for earlier in made:
        for later in made:
            assert earlier and later
            if earlier.size <= later.size:
                proof = store.checkpoints.consistency(CITY, earlier, later)  # type: ignore[assignment]
                roots = (bytes.fromhex(earlier.root), bytes.fromhex(later.root))
                assert offline.consistent(earlier.size, roots[0], later.size, roots[1], proof)


def test_what_no_checkpoint_covers_cannot_be_proved(store: CatalogStore) -> None:
    add(store, 1)
    for sequence, code in (
        (1, "audit_not_anchored"),
        (2, "audit_no_record"),
        (0, "audit_no_record"),
    ):
        with pytest.raises(CatalogError) as caught:
            store.checkpoints.proof(CITY, sequence)
        assert caught.value.code == code
    store.checkpoints.make(CITY, KEY)
    add(store, 1)
    state = store.audit.state(CITY)
    assert state is not None and (state.anchored, state.size) == (1, 2)
    assert state.open_since == store.audit.newest(CITY)[0].recorded_at


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_record SET subject = 'x' WHERE sequence = 400",
        "UPDATE audit_record SET hash = 'ab' WHERE sequence = 350",
        "DELETE FROM audit_record WHERE sequence = 399",
        "DELETE FROM audit_record WHERE sequence > 350",
        "UPDATE audit_log SET size = 250, head ="
        " (SELECT hash FROM audit_record WHERE sequence = 250)",
        "UPDATE audit_node SET hash = '00'",
        "DELETE FROM audit_node",
        "UPDATE audit_checkpoint SET root = '00'",
        "UPDATE audit_checkpoint SET at = '2020'",
    ],
)
def test_nothing_is_signed_that_was_changed(store: CatalogStore, change: str) -> None:
    add(store, 300)
    store.checkpoints.make(CITY, KEY)
    add(store, 200)
    forced(store, change)
    with pytest.raises(CatalogError) as caught:
        store.checkpoints.make(CITY, KEY)
    assert caught.value.code == "audit_broken"


def test_another_key_goes_on(store: CatalogStore) -> None:
    add(store, 3)
    store.checkpoints.make(CITY, FALSE)
    add(store, 3)
    store.checkpoints.make(CITY, KEY)
    assert [str(one) for one in verified(store).faults] == ["checkpoint_forged: checkpoint 1"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE audit_record SET actor = 'x' WHERE sequence = 7", "changed: record 7"),
        ("UPDATE audit_record SET detail = '{\"a\": \"b\"}' WHERE sequence = 7", "changed: record 7"),
        ("UPDATE audit_record SET \"rows\" = 5 WHERE sequence = 7", "changed: record 7"),
        ("DELETE FROM audit_record WHERE sequence BETWEEN 5 AND 6", "missing: record 5 to 6"),
        ("DELETE FROM audit_record WHERE sequence > 18", "truncated: record 19 to 20"),
        ("UPDATE audit_checkpoint SET signature = '00'", "checkpoint_forged: checkpoint 1"),
    ],
)  # fmt: skip
def test_what_was_changed_in_the_database_is_named(
    store: CatalogStore, change: str, found: str
) -> None:
    add(store, 20)
    store.checkpoints.make(CITY, KEY)
    forced(store, change)
    assert [str(one) for one in verified(store).faults] == [found]


def test_two_anchor_at_once(store: CatalogStore) -> None:
    for _ in range(10):
        add(store, 20)
        with ThreadPoolExecutor(4) as pool:
            many: list[Any] = [pool.submit(store.checkpoints.make, CITY, KEY) for _ in range(4)]
        assert len({one.result() for one in many}) == 1
    assert len(store.checkpoints.all(CITY)) == 10 and verified(store).faults == []


def test_one_anchors_while_another_begins_to(
    store: CatalogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two things that are read first: the checkpoint that is made must be no older."""
    add(store, 3)
    store.checkpoints.make(CITY, KEY)
    add(store, 3)
    for name, reader in (("state", store.audit), ("last", store.checkpoints)):
        read: Any = getattr(reader, name)

        def between(city: str, read: Any = read, name: str = name, reader: Any = reader) -> Any:
            found = read(city)
            monkeypatch.setattr(reader, name, read)
            add(store, 3)
            assert store.checkpoints.make(CITY, KEY) is not None
            add(store, 3)
            return found

        monkeypatch.setattr(reader, name, between)
        store.checkpoints.make(CITY, KEY)
        assert verified(store).faults == []
    store.checkpoints.make(CITY, KEY)
    assert verified(store).records == 18 and verified(store).faults == []


def test_a_clock_that_is_set_back(database_url: str) -> None:
    now = [AT]
    with CatalogStore.open(database_url, clock=lambda: now[0]) as store:
        for minutes in (0, -5, 1):
            now[0] = AT + timedelta(minutes=minutes)
            add(store, 1)
            store.checkpoints.make(CITY, KEY)
        assert verified(store).faults == []
        made = [datetime.fromisoformat(one.at) for one in store.checkpoints.all(CITY)]
        assert made == [AT, AT, AT + timedelta(minutes=1)]
