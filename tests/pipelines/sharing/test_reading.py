"""Approving supplies: a read fails before, works after, and fails again at the second of the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.database import CatalogStore
from catalog.errors import CityBrainError
from catalog.sharing.request import FieldDecision
from pipelines.exchange.asking import PageAsked
from pipelines.exchange.exchange import Exchange
from pipelines.exchange.reader import Reader
from pipelines.home import Home
from pipelines.masking import KeyRing
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.objecting import ObjectionDesk
from tests.support.city import NAME, City
from tests.support.sharing import LI, PERSONS, STEWARD, WANG, Hands, sharing_city, wish

NOW = datetime.now(UTC).replace(microsecond=0)
SECOND = timedelta(seconds=1)
RING = KeyRing.of({1: b"m" * 32})


class Read:
    """Sharing and reading in one published city."""

    def __init__(self, desk: SharingDesk, exchange: Exchange, hands: Hands) -> None:
        self.desk, self.exchange, self.hands = desk, exchange, hands

    def page(self, at: datetime | None = None) -> str | list[dict[str, object]]:
        """The rows as `civil` reads them at a moment, or the code of the refusal."""
        before, self.hands.now = self.hands.now, at or self.hands.now
        try:
            reader = Reader("civil", "wang", "check permits")
            rows = self.exchange.page(PageAsked(reader, PERSONS, 10)).table.to_pylist()
            return [dict(row) for row in rows]
        except CityBrainError as error:
            return error.code
        finally:
            self.hands.now = before

    def fields(self, at: datetime | None = None) -> str | set[str]:
        """The fields that are read."""
        found = self.page(at)
        return found if isinstance(found, str) else set(found[0]) - {"_objection"}


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    city = sharing_city(City(tmp_path / "city"))
    assert city.run().outcomes[PERSONS].status == "published"
    plan, hands, home = city.plan(), Hands(NOW), Home.of(NAME)
    with CatalogStore.open(home.database_url, clock=hands) as store, home.open_lake() as lake:
        log = lambda records: store.audit.append(NAME, *records)  # noqa: E731
        # Half a year passes in a test, and nobody anchors the log meanwhile.
        store.audit.keep_anchored(NAME, 366 * 86_400)
        exchange = Exchange(plan.workspace, store, lake, lambda: RING, b"k" * 32, log, hands)
        yield Read(SharingDesk(plan, store, hands), exchange, hands)
        exchange.close()


def test_reading_begins_and_ends_with_the_grant(read: Read) -> None:
    desk, hands = read.desk, read.hands
    today = NOW.date()
    wants = {PERSONS: ["id", "name", "age"]}
    request = desk.submit(WANG, wish(wants=wants, first=today, last=today + timedelta(days=30)))
    desk.check(STEWARD, request.id)
    request = desk.dispatch(STEWARD, request.id)
    hands.later(hours=1)
    assert read.page() == "grant_missing"
    mask = desk.masks_for(LI, request, request.tasks[0])["name"][0]
    said = {
        "id": FieldDecision("approved"),
        "name": FieldDecision("approved", mask=mask),
        "age": FieldDecision("refused", reason="not needed"),
    }
    desk.decide(LI, request.id, 1, said)
    assert read.page(hands.now - SECOND) == "grant_missing"
    rows = read.page()
    assert isinstance(rows, list)
    assert [(row["id"], row["name"]) for row in rows] == [(1, "W."), (2, "L."), (3, "Z.")]
    assert read.fields() == {"id", "name"}
    (grant,) = desk.grants(WANG)
    assert read.fields(grant.valid_to - SECOND) == {"id", "name"}
    assert read.page(grant.valid_to) == "grant_missing"
    hands.later(hours=1)
    desk.revoke(LI, grant.id, "misuse")
    assert read.fields(hands.now - SECOND) == {"id", "name"}
    assert read.page() == "grant_missing"


def test_a_record_is_flagged_for_its_readers(read: Read) -> None:
    desk, today = read.desk, NOW.date()
    request = desk.submit(WANG, wish(wants={PERSONS: ["district", "id"]}, first=today, last=today))
    desk.check(STEWARD, request.id)
    desk.dispatch(STEWARD, request.id)
    desk.decide(LI, request.id, 2, {"id": FieldDecision("approved")})
    objecting = ObjectionDesk(desk)
    made = objecting.raise_(WANG, PERSONS, {"id": "2"}, "id", "is another", "card")
    rows = read.page()
    assert isinstance(rows, list)
    assert [(row["id"], row["_objection"]) for row in rows] == [(1, False), (2, True), (3, False)]
    objecting.answer(LI, made.id, "denied", "as registered")
    assert desk.store.objections.open_keys(NAME, PERSONS) == []
