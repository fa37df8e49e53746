"""A contract that is changed after the grant: what would not be granted any more is not read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.database import CatalogStore
from catalog.errors import CityBrainError
from catalog.sharing.grant import Grant
from catalog.sharing.request import FieldDecision
from pipelines.exchange.asking import PageAsked
from pipelines.exchange.exchange import Exchange
from pipelines.exchange.reader import Reader
from pipelines.home import Home
from pipelines.masking import KeyRing
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.returning import Return
from pipelines.sharing.settling import rules_digest, settle
from pipelines.sharing.ticking import tick
from tests.catalog.conftest import database_url
from tests.servers import postgres
from tests.support.city import NAME, City
from tests.support.sharing import (
    LI,
    PEOPLE_FIELDS,
    PERSONS,
    SHARE_2,
    STEWARD,
    WANG,
    Hands,
    sharing_city,
    wish,
)

__all__ = ["database_url", "postgres"]

NOW = datetime.now(UTC).replace(microsecond=0)
RING = KeyRing.of({1: b"m" * 32})
YES = FieldDecision("approved")
AGE_2 = "{name: age, logicalType: integer, classification: L2}"
NAME_L3 = "logicalType: string\n  classification: L3\n  customProperties: [{property: kind, value: person_name}]"


@dataclass
class Town:
    """A published city, whose contract of persons can be edited, and its exchange."""

    city: City
    store: CatalogStore
    exchange: Exchange
    hands: Hands

    def edit(self, old: str = "", new: str = "") -> None:
        """Write the contract of persons anew, with something of it changed."""
        assert old in PEOPLE_FIELDS
        fields = PEOPLE_FIELDS.replace(old, new, 1) if old else PEOPLE_FIELDS
        self.city.collected("police/person", fields, custom=SHARE_2)

    def desk(self) -> SharingDesk:
        """The desk of the workspace as it is now on disk."""
        return SharingDesk(self.city.plan(), self.store, self.hands)

    def settle(self) -> list[str]:
        """The ids of the grants that have changed."""
        return [one.id for one in settle(self.city.plan(), self.store)]

    def grant(self, **decisions: FieldDecision) -> Grant:
        """What `civil` is granted of persons."""
        desk, first = self.desk(), NOW.date()
        term = {"first": first, "last": first + timedelta(days=30)}
        request = desk.submit(WANG, wish(wants={PERSONS: list(decisions)}, **term))
        desk.check(STEWARD, request.id)
        request = desk.dispatch(STEWARD, request.id)
        desk.decide(LI, request.id, 1, decisions)
        return desk.grants(WANG)[0]

    def read(self) -> str | list[dict[str, Any]]:
        """The rows as `civil` reads them, or the code of the refusal."""
        try:
            reader = Reader("civil", "wang", "check permits")
            rows = self.exchange.page(PageAsked(reader, PERSONS, 10)).table.to_pylist()
        except CityBrainError as error:
            return error.code
        return [{name: one for name, one in row.items() if name != "_objection"} for row in rows]


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[Town]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CITYBRAIN_DATABASE", database_url)
    city = sharing_city(City(tmp_path / "city"))
    assert city.run().outcomes[PERSONS].status == "published"
    plan, hands, home = city.plan(), Hands(NOW), Home.of(NAME)
    with CatalogStore.open(home.database_url, clock=hands) as store, home.open_lake() as lake:
        log = lambda records: store.audit.append(NAME, *records)  # noqa: E731
        exchange = Exchange(plan.workspace, store, lake, lambda: RING, b"k" * 32, log, hands)
        yield Town(city, store, exchange, hands)
        exchange.close()


def events(town: Town, grant: Grant) -> list[tuple[str, str, str]]:
    found = town.store.suspensions.events(NAME, [grant.id]).get(grant.id, [])
    return [(one.act, one.code, one.to) for one in found]


def logged(town: Town) -> list[tuple[str, str, str, str]]:
    """What the audit log says of suspensions, the oldest first."""
    found = [one.record for one in town.store.audit.newest(NAME, limit=500)][::-1]
    return [
        (
            one.under or "",
            one.detail["event"],
            one.detail.get("reason", ""),
            one.detail.get("field", ""),
        )
        for one in found
        if one.action == "grant" and one.detail.get("event") in ("suspended", "restored")
    ]


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        (AGE_2, AGE_2.replace("L2", "L3"), "share_mask_needed", "age"),
        (AGE_2, AGE_2.replace("L2", "L4"), "share_closed", "age"),
        (
            AGE_2,
            AGE_2.replace(
                "L2",
                "L2, customProperties: [{property: sharing, value: {type: 3, condition: Act 9}}]",
            ),
            "share_not_shared",
            "age",
        ),
        (f"- {AGE_2}\n", "", "share_field_unknown", "age"),
    ],
)
def test_a_run_with_an_edited_contract_ends_reading_and_another_restores_it(
    town: Town, old: str, new: str, code: str, field: str
) -> None:
    grant = town.grant(id=YES, age=YES)
    before = town.read()
    assert before == [{"id": 1, "age": 30}, {"id": 2, "age": 40}, {"id": 3, "age": 50}]
    without_models(town)
    town.edit(old, new)
    town.hands.later(hours=1)
    town.city.run()
    assert town.read() == "grant_suspended"
    found = town.store.grants.get(NAME, grant.id)
    assert found.suspended is not None and found.state(town.hands()) == "suspended"
    assert found.suspended.code == code and field in found.suspended.fields.values()
    assert not found.holds(town.hands())
    assert events(town, grant) == [("suspend", code, "civil"), ("suspend", code, "police")]
    town.edit()
    town.city.run()
    assert town.read() == before
    assert events(town, grant)[2:] == [("restore", "", "civil"), ("restore", "", "police")]
    assert logged(town) == [
        (grant.id, "suspended", code, field),
        (grant.id, "restored", "", ""),
    ]


def without_models(town: Town) -> None:
    """Take away what would not compile itself without the field."""
    for name in ("worker.yaml", "worker.sql"):
        (town.city.root / "models" / "fusion" / name).unlink()


def test_a_mask_covers_what_it_was_made_for(town: Town) -> None:
    grant = town.grant(id=YES, name=FieldDecision("approved", mask="mask_name(name)"))
    town.edit(AGE_2, AGE_2.replace("L2", "L4"))  # not granted: nothing to this grant
    assert town.settle() == [] and town.read() != "grant_suspended"
    town.edit(NAME_L3, NAME_L3.replace("person_name", "phone"))
    assert town.settle() == [grant.id]
    assert town.read() == "grant_suspended"
    assert town.settle() == []  # the same rules again
    assert events(town, grant)[0][:2] == ("suspend", "share_mask_needed")
    town.edit()
    assert town.settle() == [grant.id]
    assert town.read() == [
        {"id": 1, "name": "W."},
        {"id": 2, "name": "L."},
        {"id": 3, "name": "Z."},
    ]


def test_another_fault_is_told_and_keeps_its_beginning(town: Town) -> None:
    grant = town.grant(age=YES)
    town.edit(AGE_2, AGE_2.replace("L2", "L3"))
    assert town.settle() == [grant.id]
    since = town.hands.now
    town.hands.later(hours=1)
    town.edit(AGE_2, AGE_2.replace("L2", "L4"))
    assert town.settle() == [grant.id]
    found = town.store.grants.get(NAME, grant.id).suspended
    assert found is not None and (found.since, found.code) == (since, "share_closed")
    assert [code for _, code, _ in events(town, grant)] == ["share_mask_needed"] * 2 + [
        "share_closed"
    ] * 2


def test_a_law_holds_for_what_it_was_stated_for(town: Town) -> None:
    grant = town.grant(
        name=FieldDecision("approved", legal_basis="Act 9"),
        age=FieldDecision("approved", legal_basis="Act 9"),
    )
    assert grant.legal == {"name": "Act 9"}  # age needed none
    assert town.settle() == []
    town.edit(AGE_2, AGE_2.replace("L2", "L3"))
    assert town.settle() == [grant.id]
    # A new decision, in which the law is stated for it, is read under; the old one stays suspended.
    town.hands.later(hours=1)
    anew = town.grant(age=FieldDecision("approved", legal_basis="Act 9"))
    assert anew.legal == {"age": "Act 9"} and town.settle() == []
    assert town.read() == [{"age": 30}, {"age": 40}, {"age": 50}]
    states = {one.id: one.state(town.hands.now) for one in town.desk().grants(WANG)}
    assert states == {grant.id: "suspended", anew.id: "holds"}
    assert town.desk().revoke(LI, grant.id, "not needed").state(town.hands.now) == "revoked"


def test_returned_data_is_held_against_the_contract_too(town: Town) -> None:
    today = NOW.date()
    given = Return("north", PERSONS, ("id",), "district", ("north",), "care", "Act 9",
                   today, today + timedelta(days=9))  # fmt: skip
    grant = town.desk().give_return(STEWARD, given)
    without_models(town)
    district = next(line for line in PEOPLE_FIELDS.splitlines() if "district" in line)
    town.edit(district + "\n", "")
    assert town.settle() == [grant.id]
    assert events(town, grant) == [
        ("suspend", "share_field_unknown", "north"),
        ("suspend", "share_field_unknown", "police"),
    ]


def test_nothing_is_granted_by_contracts_that_have_changed(town: Town) -> None:
    desk, first = town.desk(), NOW.date()
    town.grant(id=YES)
    assert desk.settle() == []
    request = desk.submit(WANG, wish(wants={PERSONS: ["age"]}, first=first, last=first))
    desk.check(STEWARD, request.id)
    desk.dispatch(STEWARD, request.id)
    town.edit(AGE_2, AGE_2.replace("L2", "L4"))
    town.settle()
    # The service still knows the contract as it was.
    decided = desk.decide(LI, request.id, 1, {"age": YES})
    assert decided.tasks[0].state == "approved"
    given = Return(
        "north", PERSONS, ("age",), "district", ("north",), "care", "Act 9", first, first
    )
    with pytest.raises(CityBrainError) as caught:
        desk.give_return(STEWARD, given)
    assert caught.value.code == "share_outdated"
    assert tick(desk).failed == {f"{request.id}/1": "share_outdated"}
    assert tick(town.desk()).failed == {f"{request.id}/1": "share_closed"}
    town.edit()
    assert town.settle() == []
    assert tick(desk).done["provision"] == 1


def test_what_is_granted_while_it_is_settled_is_judged_too(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.edit(AGE_2, AGE_2.replace("L2", "L4"))
    plan, made = town.city.plan(), []
    living = town.store.suspensions.living

    def slowly(workspace: str) -> list[Grant]:
        found = living(workspace)
        late = Grant("late", "", "civil", PERSONS, ("age",), "check permits", "law", "s", "interface",
                     NOW, NOW + timedelta(days=1), owner="police")  # fmt: skip
        made.append(town.store.grants.provision(NAME, late, "system"))
        return found

    monkeypatch.setattr(town.store.suspensions, "living", slowly)
    assert [one.id for one in settle(plan, town.store)] == ["late"]
    assert len(made) == 1 and town.read() == "grant_suspended"


def test_the_rules_are_told_apart_by_what_grants_are_held_against(town: Town) -> None:
    digest = rules_digest(town.city.plan())
    town.edit("name: age", "name: age, description: in years")
    assert rules_digest(town.city.plan()) == digest
    town.edit(AGE_2, AGE_2.replace("L2", "L1"))
    assert rules_digest(town.city.plan()) != digest
