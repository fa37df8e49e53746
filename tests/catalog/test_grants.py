"""What departments may read of each other's resources, to the second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.database import CatalogStore
from catalog.errors import CatalogError
from catalog.sharing.grant import DUTIES, Grant, RowFilter

FIRST = datetime(2026, 9, 1, tzinfo=UTC)
LAST = datetime(2026, 10, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Hands:
    """A clock that stands where a test puts it."""

    def __init__(self) -> None:
        self.now = FIRST

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def store(database_url: str, hands: Hands) -> Iterator[CatalogStore]:
    with CatalogStore.open(database_url, clock=hands) as opened:
        yield opened


def grant(id: str = "g1", **changes: Any) -> Grant:
    values: dict[str, Any] = {
        "id": id,
        "request": "r1",
        "department": "civil",
        "resource": "base.clinic",
        "fields": ("id", "owner"),
        "purpose": "check permits",
        "basis": "Act 3",
        "scenario": "permits",
        "manner": "interface",
        "valid_from": FIRST,
        "valid_to": LAST,
        "masks": {"owner": "mask_name(owner)"},
        "rows": RowFilter("region", ("N", "S")),
        "owner": "health",
        "conditions": {"owner": "only staff"},
    }
    return Grant(**values | changes)


def test_a_grant_is_given_back_as_it_was_given(store: CatalogStore) -> None:
    grants = store.grants
    made = grants.provision("north", grant(), "department:health/li")
    plain = grants.provision("north", grant("g2", masks={}, rows=None, resource="b.x"), "system")
    assert made == grant() == grants.get("north", "g1")
    assert plain.rows is None and made.duties == DUTIES
    assert grants.mine("north", "civil") == [plain, made] == grants.given("north", "health")
    assert grants.list("north") == [plain, made] and grants.list("south") == []
    assert grants.mine("north", "health") == [] == grants.given("north", "civil")
    assert grants.of("north", "civil", "base.clinic", FIRST) == [made]
    for workspace, department, resource in (
        ("south", "civil", "base.clinic"),
        ("north", "trade", "base.clinic"),
        ("north", "civil", "base.clinics"),
        ("north", "civil\x00", "base.clinic"),
        ("north", "civil", "base.clinic\x00"),
    ):
        assert grants.of(workspace, department, resource, FIRST) == []


def test_the_same_again_changes_nothing_and_another_is_refused(store: CatalogStore) -> None:
    store.grants.provision("north", grant(), "system")
    assert store.grants.provision("north", grant(), "system") == grant()
    with pytest.raises(CatalogError) as caught:
        store.grants.provision("north", replace(grant(), fields=("id",)), "system")
    assert caught.value.code == "grant_differs"
    assert len(store.grants.list("north")) == 1


def test_it_holds_from_its_first_second_to_before_its_last(store: CatalogStore) -> None:
    store.grants.provision("north", grant(), "system")

    def held(at: datetime) -> bool:
        found = store.grants.of("north", "civil", "base.clinic", at)
        assert bool(found) == grant().holds(at)
        return bool(found)

    assert [held(at) for at in (FIRST - SECOND, FIRST, LAST - SECOND, LAST)] == [
        False,
        True,
        True,
        False,
    ]
    states = [grant().state(at) for at in (FIRST - SECOND, FIRST, LAST - SECOND, LAST)]
    assert states == ["coming", "holds", "holds", "expired"]


def test_it_ends_at_the_second_of_its_revocation(store: CatalogStore, hands: Hands) -> None:
    store.grants.provision("north", grant(), "system")
    hands.now = FIRST + timedelta(days=3)
    ended = store.grants.revoke("north", "g1", by="department:health/li", reason="misuse")
    assert (ended.revoked_at, ended.ended_by, ended.ended_why) == (
        hands.now,
        "department:health/li",
        "misuse",
    )
    assert store.grants.of("north", "civil", "base.clinic", hands.now - SECOND) == [ended]
    assert store.grants.of("north", "civil", "base.clinic", hands.now) == []
    assert ended.state(hands.now) == ended.state(LAST) == "revoked"
    hands.now += SECOND
    assert store.grants.revoke("north", "g1", by="system", reason="again") == ended


def test_what_cannot_be_revoked(store: CatalogStore, hands: Hands) -> None:
    store.grants.provision("north", grant(), "system")
    hands.now = LAST
    for workspace, id, code in (
        ("north", "g1", "grant_ended"),
        ("north", "g2", "grant_unknown"),
        ("south", "g1", "grant_unknown"),
    ):
        with pytest.raises(CatalogError) as caught:
            store.grants.revoke(workspace, id, by="system", reason="x")
        assert caught.value.code == code
