"""A small city whose departments share with each other (synthetic), and the people in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from catalog.database import CatalogStore
from catalog.people import Person
from pipelines.sharing.desk import SharingDesk
from pipelines.sharing.wishes import Wish
from tests.support.city import City, csv

MONDAY = datetime(2025, 3, 3, 2, tzinfo=UTC)
PEOPLE = csv(
    "id,name,district,phone,secret,age",
    "1,Wang Wu,north,13800000001,s1,30",
    "2,Li Si,south,13800000002,s2,40",
    "3,Zhao Liu,north,13800000003,s3,50",
)
PEOPLE_FIELDS = """
- {name: id, logicalType: integer, primaryKey: true, classification: L1}
- name: name
  logicalType: string
  classification: L3
  customProperties: [{property: kind, value: person_name}]
- {name: district, logicalType: string, classification: L1, customProperties: [{property: sharing, value: {type: 1}}]}
- name: phone
  logicalType: string
  classification: L3
  customProperties: [{property: kind, value: phone}, {property: sharing, value: {type: 3, condition: Statistics Act 25}}]
- {name: secret, logicalType: string, classification: L4}
- {name: age, logicalType: integer, classification: L2}
"""
SHARE_2 = "- {property: catalogue, value: {share_type: 2, share_condition: for a stated duty}}"
SETTINGS = '[calendar]\ncountry = "CN"\n'


def sharing_city(city: City, more: str = SETTINGS) -> City:
    """Departments `police` (owner), `civil` (reader), `north` (a district) and `bureau` (operator)."""
    city.settings(more)
    names = ("police", "civil", "north", "other")
    entries = "".join(f"  - {{id: {name}, name: {name}}}\n" for name in names)
    entries += "  - {id: bureau, name: bureau, role: operator}\n"
    city.write("departments.yaml", f"departments:\n{entries}")
    city.collected("police/person", PEOPLE_FIELDS, custom=SHARE_2)
    city.source("person.csv", PEOPLE)
    city.collected(
        "other/job",
        "- {name: person, logicalType: integer, primaryKey: true, classification: L1}\n"
        "- {name: pay, logicalType: integer, classification: L2}\n",
        custom=SHARE_2,
    )
    city.source("job.csv", csv("person,pay", "1,100", "2,200"))
    city.model(
        "fusion.worker",
        "SELECT p.id, p.district || ' ' || CAST(j.pay AS VARCHAR) AS label, p.age\n"
        "FROM raw.police__person AS p JOIN raw.other__job AS j ON p.id = j.person\n",
        "- {name: id, logicalType: integer, primaryKey: true}\n"
        "- {name: label, logicalType: string}\n"
        "- {name: age, logicalType: integer}\n",
        custom=SHARE_2,
    )
    return city


class Hands:
    """A clock that stands where a test puts it."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


def officer(department: str, name: str = "") -> Person:
    """An officer of a department."""
    return Person(name or f"of-{department}", f"of {department}", "officer", department)


WANG = officer("civil", "wang")
LI = officer("police", "li")
SUN = officer("other", "sun")
NORTH = officer("north", "bei")
STEWARD = Person("steward", "steward", "steward")
AUDITOR = Person("auditor", "auditor", "auditor")
ENGINEER = Person("engineer", "engineer", "engineer")
PERSONS = "raw.police__person"


def wish(**changes: Any) -> Wish:
    """Four fields of persons for a year."""
    values: dict[str, Any] = {
        "wants": {PERSONS: ["id", "name", "district", "age"]},
        "basis": "Act 3",
        "scenario": "permits",
        "purpose": "check permits",
        "manner": "interface",
        "first": date(2025, 3, 1),
        "last": date(2026, 2, 28),
    }
    return Wish(**values | changes)


def desk_of(city: City, store: CatalogStore, clock: Hands) -> SharingDesk:
    """The desk of a city."""
    return SharingDesk(city.plan(), store, clock)
