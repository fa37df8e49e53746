"""Quotas, subscriptions and their outbox, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from catalog.database import CatalogStore
from catalog.database.quotas import Refused, Taking, window_of
from catalog.database.subscriptions import Subscription
from catalog.errors import CatalogError

NOW = datetime(2026, 7, 1, 12, 0, 20, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("ready")


class Still:
    """A clock that stands."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def still() -> Still:
    return Still()


@pytest.fixture
def opened(database_url: str, ready: CatalogStore, still: Still) -> CatalogStore:
    ready.close()
    return CatalogStore.open(database_url, clock=still)


def test_windows_are_of_utc() -> None:
    assert window_of("requests", NOW) == NOW.replace(second=0)
    assert window_of("rows", NOW) == NOW.replace(hour=0, minute=0, second=0)


def test_a_quota_ends_and_begins_anew(opened: CatalogStore, still: Still) -> None:
    def take(amount: int, department: str = "tax") -> int | None:
        [found] = opened.quotas.take("tainan", [[Taking(department, "requests", amount, 10)]])
        return found.seconds if found else None

    assert [take(6), take(5), take(4), take(1)] == [None, 41, None, 41]
    assert take(10, "civil") is None and take(11, "police") == 41
    assert opened.quotas.used("tainan", "tax", "requests") == 10
    opened.quotas.give_back("tainan", "tax", "requests", 3, still.now)
    assert [take(4), take(3)] == [41, None]
    still.now += timedelta(seconds=40)
    assert opened.quotas.used("tainan", "tax", "requests") == 0
    assert take(10) is None


def test_old_windows_go(opened: CatalogStore, still: Still) -> None:
    from sqlalchemy import text

    for _ in range(40):
        assert opened.quotas.take("tainan", [[Taking("tax", "requests", 1, 10)]]) == [None]
        still.now += timedelta(minutes=1)
    with opened._writing() as con:
        assert con.execute(text("SELECT count(*) FROM exchange_usage")).scalar() == 33


def test_processes_share_a_quota(database_url: str, opened: CatalogStore) -> None:
    """Two stores, as two processes have them, and many at once: exactly what there is, is given."""
    with CatalogStore.open(database_url, clock=Still()) as other, ThreadPoolExecutor(8) as pool:
        stores = (opened, other)

        def take(number: int) -> Refused | None:
            groups = [
                [Taking("tax", "requests", 1, 1000), Taking("tax", "rows", 3, 100)],
                [Taking("civil", "rows", 1, 1000)],
            ]
            return stores[number % 2].quotas.take("tainan", groups[:: (-1) ** number])[number % 2]

        found = list(pool.map(take, range(60)))
    assert found.count(None) == 33 and {one.kind for one in found if one} == {"rows"}
    assert opened.quotas.used("tainan", "tax", "requests") == 60
    assert opened.quotas.used("tainan", "civil", "rows") == 60


def subscribed(store: CatalogStore, department: str = "tax", most: int = 2) -> Subscription:
    return store.subscriptions.add(
        "tainan",
        department=department,
        user="li",
        resource="base.clinic",
        grant="g-1",
        url="https://tax.example/hook",
        snapshot=1,
        most=most,
    )


def test_each_snapshot_is_told_of_once(opened: CatalogStore) -> None:
    box = opened.subscriptions
    made = subscribed(opened)
    assert box.note_snapshots("tainan", {"base.clinic": 1}) == 0
    assert box.note_snapshots("tainan", {"base.clinic": 2, "base.other": 9}) == 1
    assert box.note_snapshots("tainan", {"base.clinic": 2}) == 0
    assert box.note_snapshots("tainan", {"base.clinic": 3}) == 1
    assert box.note_snapshots("tainan", {"base.clinic": 2}) == 0  # rolled back: it was told of
    assert [one.snapshot for one in box.notices("tainan")] == [3, 2]
    assert {one.subscription.id for one in box.notices("tainan")} == {made.id}


def test_a_lease_is_of_one_and_ends(opened: CatalogStore, still: Still) -> None:
    box = opened.subscriptions
    subscribed(opened)
    box.note_snapshots("tainan", {"base.clinic": 2})
    [first] = box.lease("tainan", 30, 10)
    assert (first.attempts, first.state) == (1, "waiting")
    assert box.lease("tainan", 30, 10) == []
    still.now += timedelta(seconds=31)  # the one who had it was killed
    [again] = box.lease("tainan", 30, 10)
    assert (again.id, again.attempts) == (first.id, 2)
    assert box.delivered("tainan", again.id).state == "sent"
    still.now += timedelta(seconds=31)
    assert box.lease("tainan", 30, 10) == []


def test_what_fails_is_tried_again_and_dies(opened: CatalogStore, still: Still) -> None:
    box = opened.subscriptions
    subscribed(opened)
    box.note_snapshots("tainan", {"base.clinic": 2})
    [one] = box.lease("tainan", 30, 10)
    assert box.failed("tainan", one.id, "503", timedelta(minutes=5)).due_at == NOW + timedelta(
        minutes=5
    )
    still.now += timedelta(minutes=5)
    [one] = box.lease("tainan", 30, 10)
    assert box.failed("tainan", one.id, "503", None).state == "dead"
    assert [n.problem for n in box.notices("tainan", "dead")] == ["503"]
    still.now += timedelta(days=1)
    assert box.lease("tainan", 30, 10) == []
    assert box.replay("tainan", one.id).attempts == 0
    assert [n.id for n in box.lease("tainan", 30, 10)] == [one.id]


def test_an_ended_subscription_is_told_of_nothing(opened: CatalogStore) -> None:
    box = opened.subscriptions
    made = subscribed(opened)
    box.note_snapshots("tainan", {"base.clinic": 2})
    with pytest.raises(CatalogError, match="subscription_unknown"):
        box.end("tainan", made.id, "withdrawn", "civil")
    ended = box.end("tainan", made.id, "withdrawn", "tax")
    assert ended.ended_at == NOW and box.end("tainan", made.id, "again", "tax") == ended
    assert [one.state for one in box.notices("tainan")] == ["dropped"]
    assert box.note_snapshots("tainan", {"base.clinic": 3}) == 0
    assert box.lease("tainan", 30, 10) == []
    with pytest.raises(CatalogError, match="subscription_ended"):
        box.replay("tainan", box.notices("tainan")[0].id)


def test_a_department_has_so_many(opened: CatalogStore) -> None:
    first = subscribed(opened)
    subscribed(opened)
    with pytest.raises(CatalogError, match="subscriptions_many"):
        subscribed(opened)
    subscribed(opened, "civil")
    opened.subscriptions.end("tainan", first.id, "withdrawn")
    subscribed(opened)
    assert len(opened.subscriptions.list("tainan", "tax", "base.clinic")) == 3


def test_a_department_has_clients_of_its_own(opened: CatalogStore) -> None:
    made, secret = opened.clients.add_for_department("tainan", "tax", "li")
    assert (made.partner, made.department) == ("", "tax")
    assert opened.clients.signed_in("tainan", made.id, secret) == made
    partner, _ = opened.clients.add("tainan", "bank", "wang")
    assert opened.clients.valid("tainan", partner.id) == partner and partner.department is None
    assert opened.clients.revoke("tainan", made.id).department == "tax"
    assert opened.clients.valid("tainan", made.id) is None
