"""A small synthetic city with a mask, a release, a filter by a secret, and odd titles."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.plan import Plan, compile_workspace
from pipelines.workspace import load_workspace
from tests.support.city import City

ROOT = Path(__file__).parents[3]

FIRM = """
- {name: id, logicalType: integer, classification: L1, businessName: 編號}
- {name: name, logicalType: string, classification: L2, businessName: '名稱 "<老闆>" & `co`; #1 | [x]'}
- {name: address, logicalType: string, classification: L3, businessName: 地址, customProperties: [{property: kind, value: address}]}
- {name: town, logicalType: string, classification: L1}
- {name: debt, logicalType: integer, classification: L3}
- {name: note, logicalType: string}
"""
BASE = """
- {name: id, logicalType: integer}
- {name: name, logicalType: string}
- {name: address, logicalType: string}
- {name: town, logicalType: string, classification: L2}
- {name: size, logicalType: integer}
"""
OPEN = """
- {name: id, logicalType: integer}
- {name: district, logicalType: string}
- {name: source, logicalType: string}
"""
JUSTIFICATION = (
    "- {property: justification, value: [{from: [raw.trade__firm.debt], level: L3, who: trade bureau, "
    "why: insolvent firms are published anyway, until: 2099-12-31}]}\n"
    "- {property: release, value: {kind: records, quasi_identifiers: [district]}}"
)


@pytest.fixture
def firms(city: City) -> City:
    """One register, a base table filtered by debt, an open table with a masked address."""
    city.collected("trade/firm", FIRM)
    city.model(
        "base.firm",
        "SELECT id, name, address, town,\n  length(name) AS size\nFROM raw.trade__firm\nWHERE debt < 9\n",
        BASE,
    )
    city.model(
        "open.firm",
        "SELECT id,\n  mask_address(address) AS district,\n  'register' AS source\nFROM base.firm\n",
        OPEN,
        custom=JUSTIFICATION,
    )
    return city


@pytest.fixture
def plan(firms: City) -> Plan:
    return firms.plan()


@pytest.fixture(scope="session")
def tainan() -> Plan:
    """The example city."""
    return compile_workspace(load_workspace(ROOT / "workspaces" / "tainan"))
