"""A small city whose deliveries have bad rows, and a publish that waits for a person (synthetic)."""

from __future__ import annotations

from pathlib import Path

from tests.portal.bureau import Bureau
from tests.support.city import City, csv

SHOP, HELD = "raw.trade__shop", "raw.trade__held"
ROWS = [
    "1,tea,Ann",
    "2,<b>rice</b>,Bob",
    "3,soup,Cyd",
    "4,ink,Dan",
    "x,tea,Eve",
    "6,tea",
]


def fields(kinds: str) -> str:
    among = f"{{type: library, metric: invalidValues, arguments: {{validValues: [{kinds}]}}, mustBe: 0}}"
    return f"""
    - {{name: id, logicalType: integer, primaryKey: true, classification: L1}}
    - {{name: kind, logicalType: string, classification: L2, quality: [{among}]}}
    - {{name: owner, logicalType: string, classification: L3}}
    """


def gate(warn: str = "") -> str:
    return f"- {{property: gate, value: {{max_quarantined_percent: 100{warn}}}}}"


def rejecting_bureau(root: Path) -> Bureau:
    """The city after a run; `CITYBRAIN_HOME` is to be root/home."""
    city = City(root / "city")
    city.settings()
    city.departments("trade")
    for table, warn in (("shop", ""), ("held", ", warn_quarantined_percent: 1")):
        city.collected(f"trade/{table}", fields("tea, ink"), custom=gate(warn))
        city.source(f"{table}.csv", csv("id,kind,owner", *ROWS))
    city.run()
    return Bureau(city, root / "home")
