"""Rows of the sandbox's views are shared with no department, whatever their contract says."""

from __future__ import annotations

from datetime import date

import pytest

from catalog.sharing.request import FieldDecision
from pipelines.errors import PipelineError
from pipelines.sharing.rules import SharingRules
from pipelines.sharing.wishes import Wish, asked_of
from tests.sandbox.firms import FIELDS, PRIVACY, VIEW
from tests.support.city import City

DEPARTMENTS = """
departments:
  - {id: tax, name: tax, role: provider}
  - {id: health, name: health, role: provider}
  - {id: bureau, name: bureau, role: operator}
"""
SHARED = "- {property: catalogue, value: {share_type: 1, share_way: interface}}"


def test_a_private_view_is_never_shared(city: City) -> None:
    city.settings()
    city.write("departments.yaml", DEPARTMENTS)
    city.collected("tax/firm", FIELDS, custom=SHARED)
    city.source("firm.csv", "code,area,paid,owner\na,east,1,x\n")
    city.model(
        "sandbox.firm",
        "SELECT code, area, paid, owner FROM raw.tax__firm\n",
        VIEW,
        custom=f"{PRIVACY}\n{SHARED}",
    )
    rules, today = SharingRules(city.plan()), date(2026, 1, 1)
    assert not rules.is_private("raw.tax__firm") and rules.is_private("sandbox.firm")

    def wish(resource: str) -> Wish:
        return Wish({resource: ["area"]}, "Act 1", "s", "p", "interface", today, today)

    assert asked_of(rules, "health", wish("raw.tax__firm"), today).items
    with pytest.raises(PipelineError) as caught:
        asked_of(rules, "health", wish("sandbox.firm"), today)
    assert caught.value.code == "share_private"
    # Nor may anybody approve it, nor give it back to a district.
    with pytest.raises(PipelineError) as caught:
        rules.check_decisions("sandbox.firm", {"area": FieldDecision("approved")})
    assert caught.value.code == "share_private"
