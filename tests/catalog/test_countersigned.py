"""Where partners have to sign: from when an agreement holds, by which signature, in which version."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from catalog.agreements import PublicKeys, SignedDocument, sign
from catalog.database import CatalogStore
from catalog.database.instrument_records import InstrumentFault, Permission
from catalog.errors import CatalogError
from tests.support.databases import unprotect
from tests.support.instruments import KEYS, PUBLIC, agreement, letter, signed

CITY, ZONE = "tainan", ZoneInfo("UTC")
START, END = datetime(2026, 7, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 8, 1, tzinfo=UTC)
LATER = {"valid_from": "2027-01-01", "valid_to": "2027-12-31"}
VIEWS = {"sandbox.firm": ["paid"]}
SOURCES = {"sandbox.firm": {"tax": {"base.tax": ["paid"]}}}
MISSING = "agreement_not_countersigned"


class City:
    """A city that requires partners' signatures, with an agreement that the centre has signed.

    Attributes:
        keys: the public keys that it trusts now.
    """

    def __init__(self, store: CatalogStore, clock: Any) -> None:
        self.store, self.clock = store, clock
        self.keys: PublicKeys = dict(PUBLIC)
        clock.now = NOW - timedelta(days=2)
        terms = {"valid_from": "2026-07-01", "valid_to": "2027-12-31"}
        self.take(signed(letter(**terms)))
        self.first = signed(agreement(letters=["letter-tax"]))
        self.take(self.first)
        store.instruments.standing.require_countersigned(CITY, lambda: self.keys)

    def take(self, one: SignedDocument) -> None:
        self.store.instruments.import_(CITY, one, PUBLIC, ZONE)

    def countersign(self, one: SignedDocument) -> datetime:
        whole = sign(one, KEYS["bank-a"], "bank-a")
        who = "partner:bank-a/wang"
        made = self.store.countersignatures.add(CITY, whole, self.keys, ["bank-a"], who)
        return self.store.countersignatures.of(CITY, made)[-1].added_at

    def renew(self, **changes: Any) -> SignedDocument:
        said = {"version": 2, "letters": ["letter-tax"], **changes}
        new = signed(agreement(**said))
        self.take(new)
        return new

    def ask(self, at: datetime = NOW, **changes: Any) -> Permission:
        values: dict[str, Any] = {"partner": "bank-a", "user": "wang", "purpose": "credit"}
        values |= {"views": VIEWS, "sources": SOURCES, "at": at, **changes}
        return self.store.instruments.allowing(CITY, **values)

    def refused(self, at: datetime = NOW, **changes: Any) -> str:
        with pytest.raises(CatalogError) as caught:
            self.ask(at, **changes)
        assert caught.value.code in str(caught.value)
        return caught.value.code

    def version(self, at: datetime = NOW) -> int:
        return self.ask(at).agreement.version

    def states(self, at: datetime = NOW) -> list[str]:
        told = self.store.instruments.told(CITY, at, "agreement", "agreement-a")
        return [state for _, state in told]


@pytest.fixture
def city(store: CatalogStore, clock: Any) -> City:
    return City(store, clock)


def test_it_holds_from_the_signature_on_and_not_before(city: City) -> None:
    assert city.refused() == MISSING and city.states() == ["unsigned"]
    assert city.store.instruments.in_force(CITY, "agreement", "agreement-a", NOW) is None
    came = city.countersign(city.first)
    assert city.version() == 1 and city.states() == ["in_force"]
    assert city.refused(came - timedelta(microseconds=1)) == MISSING
    assert city.version(came) == 1


def test_what_is_missing_is_told_with_version_and_partner(city: City) -> None:
    with pytest.raises(CatalogError) as caught:
        city.ask()
    said = {"agreement": "agreement-a", "version": 1, "partner": "bank-a"}
    assert {name: caught.value.fields[name] for name in said} == said


def test_a_city_that_does_not_require_it_stays_as_it_was(store: CatalogStore, clock: Any) -> None:
    clock.now = NOW - timedelta(days=2)
    for data in (letter(), agreement(letters=["letter-tax"])):
        store.instruments.import_(CITY, signed(data), PUBLIC, ZONE)
    asked: dict[str, Any] = {"partner": "bank-a", "user": "wang", "purpose": "credit"}
    found = store.instruments.allowing(CITY, views=VIEWS, sources=SOURCES, at=NOW, **asked)
    assert found.agreement.version == 1


def test_a_signature_in_the_imported_file_counts(store: CatalogStore, clock: Any) -> None:
    city = City(store, clock)
    city.take(sign(signed(agreement(version=2, letters=["letter-tax"])), KEYS["bank-a"], "bank-a"))
    assert city.version() == 2 and city.states() == ["replaced", "in_force"]


def test_a_forged_signature_in_the_database_counts_for_nothing(city: City) -> None:
    false = sign(city.first, KEYS["power"], "bank-a").signatures[-1]
    mine = sign(signed(agreement(users=["wang"])), KEYS["bank-a"], "bank-a").signatures[-1]
    for signature, fault in ((false, "signature_unknown"), (mine, "signature_invalid")):
        with city.store._writing() as con:
            found = con.execute(text("SELECT id FROM instrument WHERE kind = 'agreement'")).scalar()
            values = {"id": found, "signer": signature.signer, "key": signature.key}
            values |= {"value": signature.value, "at": str(city.clock.now)[:19], "who": "x"}
            columns = "instrument_id, signer, key, value, added_at, added_by"
            unprotect(con, "instrument_countersignature")
            con.execute(text("DELETE FROM instrument_countersignature"))
            con.execute(
                text(
                    f"INSERT INTO instrument_countersignature ({columns})"
                    " VALUES (:id, :signer, :key, :value, :at, :who)"
                ),
                values,
            )
        assert city.refused() == MISSING
        faults = city.store.instruments.verify(CITY, PUBLIC, ZONE)
        assert faults == [InstrumentFault("agreement", "agreement-a", 1, fault)]


def test_a_signature_of_an_earlier_version_is_none_of_the_later(city: City) -> None:
    city.countersign(city.first)
    new = city.renew(users=["li"])
    old = sign(city.first, KEYS["bank-a"], "bank-a").signatures[-1]
    moved = SignedDocument(new.document, (*new.signatures, old))
    with pytest.raises(CatalogError) as caught:
        city.store.countersignatures.add(CITY, moved, PUBLIC, ["bank-a"], "x")
    assert caught.value.code == "signature_invalid"
    assert city.version() == 1


def test_the_version_before_runs_until_the_new_one_is_signed(city: City) -> None:
    city.countersign(city.first)
    new = city.renew(users=["li"])
    assert city.version() == 1 and city.states() == ["in_force", "unsigned"]
    came = city.countersign(new)
    assert city.refused(came) == "user_not_named" and city.ask(came, user="li")
    assert city.states(came) == ["replaced", "in_force"]
    assert city.version(came - timedelta(microseconds=1)) == 1


def test_the_version_before_runs_to_its_end_and_no_longer(city: City) -> None:
    city.countersign(city.first)
    new = city.renew(**LATER)
    last = END - timedelta(microseconds=1)
    assert city.version(last) == 1 and city.refused(END) == MISSING
    assert city.states(END) == ["replaced", "unsigned"]
    city.countersign(new)
    assert city.version(last) == 1 and city.version(END) == 2
    assert city.states(NOW) == ["in_force", "early"]


def test_a_document_that_is_ended_ends_in_every_version(city: City) -> None:
    city.countersign(city.first)
    city.renew()
    ended = city.store.instruments.revoke(
        CITY, "agreement", "agreement-a", at=NOW, by="steward", reason="misuse"
    )
    assert ended.version == 2
    assert city.refused(NOW) == "agreement_revoked"
    assert city.version(NOW - timedelta(microseconds=1)) == 1
    third = city.renew(version=3)
    assert city.refused() == MISSING
    city.countersign(third)
    assert city.version() == 3


def test_a_key_that_is_taken_back_takes_its_signatures_along(city: City) -> None:
    city.countersign(city.first)
    assert city.version() == 1
    city.keys = {name: keys for name, keys in PUBLIC.items() if name != "bank-a"}
    assert city.refused() == MISSING
    assert [one.code for one in city.store.instruments.verify(CITY, city.keys, ZONE)] == [
        "signature_unknown"
    ]
    # Another key of the same partner, and a version that it has signed.
    city.keys = {**city.keys, "bank-a": [KEYS["power"].public_key()]}
    new = sign(city.renew(), KEYS["power"], "bank-a")
    city.store.countersignatures.add(CITY, new, city.keys, ["bank-a"], "x")
    assert city.version() == 2
