"""A published view of invented firms, for the tests of what is built upon the sandbox's core."""

from __future__ import annotations

from pathlib import Path

from tests.support.city import City

FIELDS = """
    - {name: code, logicalType: string, required: true, classification: L2}
    - {name: area, logicalType: string, classification: L1}
    - {name: paid, logicalType: number, classification: L2}
    - {name: owner, logicalType: string, classification: L2}
"""
VIEW = """
    - {name: code, logicalType: string, primaryKey: true}
    - name: area
      logicalType: string
      customProperties: [{property: answerable, value: {keys: [east, west], reason: a map}}]
    - name: paid
      logicalType: number
      customProperties: [{property: answerable, value: {bounds: [0, 100], reason: a law}}]
    - name: owner
      logicalType: string
      customProperties: [{property: answerable, value: {reason: a register}}]
"""
PRIVACY = "- {property: privacy, value: {unit: enterprise, column: code, rows: 1, groups: 1, reason: one row}}"


def published_firms(root: Path) -> City:
    """2,000 firms in two areas, published; `CITYBRAIN_HOME` is the caller's."""
    city = City(root)
    city.settings()
    city.departments("tax")
    city.collected("tax/firm", FIELDS)
    lines = "".join(f"c{i},{'east' if i % 4 else 'west'},{i % 100},o{i}\n" for i in range(2000))
    city.source("firm.csv", "code,area,paid,owner\n" + lines)
    city.model(
        "sandbox.firm",
        "SELECT code, area, paid, owner FROM raw.tax__firm\n",
        VIEW,
        custom=PRIVACY,
    )
    assert city.run().outcomes["sandbox.firm"].status == "published"
    return city
