"""The home page: indicators for those who work on the data, and none that nobody could know."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from catalog.people import Role
from portal.pages.navigation import NAVIGATION
from portal.permissions import PERMISSIONS
from tests.portal.bureau import Bureau
from tests.portal.inside import Inside
from tests.portal.people import Browser, account, forgive


def home_of(portal: Inside, bureau: Bureau, role: Role) -> str:
    forgive(bureau)
    account(bureau, f"home-{role}", role)
    browser = Browser(portal)
    browser.sign_in(f"home-{role}")
    return browser.get("/").text


@pytest.mark.parametrize("role", ["engineer", "steward", "auditor"])
def test_indicators(portal: Inside, bureau: Bureau, role: Role) -> None:
    shown = home_of(portal, bureau, role)
    cards = re.findall(r'<li class="card">.*?</li>', shown, flags=re.DOTALL)
    words = [re.sub(r"<[^>]+>|\s+", " ", card).split() for card in cards]
    told = {" ".join(one).split("  ")[0] for one in words}
    assert any(one.startswith("Data resources 2 2 of 2 are published") for one in told), told
    assert any(one.startswith("Quality 100.0 % mean score of 2 of 2") for one in told), told
    assert any(one.startswith("Departments covered 100.0 % 1 of 1") for one in told), told
    for name in ("Sharing rate", "Availability", "Leaks"):
        assert any(one.startswith(f"{name} Not assessed") for one in told), told


def test_trends(portal: Inside, bureau: Bureau) -> None:
    options = [
        json.loads(unescape(one))
        for one in re.findall(r'data-chart="([^"]*)"', home_of(portal, bureau, "engineer"))
    ]
    scores, rows = options
    assert scores["series"][0]["data"] == [100.0]
    assert rows["series"][0]["data"] == [4000]  # 2,000 collected and as many in the view
    assert len(rows["xAxis"]["data"]) == 1


@pytest.mark.parametrize("role", ["officer", "partner", "administrator"])
def test_others_see_none(portal: Inside, bureau: Bureau, role: Role) -> None:
    shown = home_of(portal, bureau, role)
    assert "Indicators" not in shown and "data-chart" not in shown


def test_the_header_leads_to_each_page_once() -> None:
    names = [name for name, _ in NAVIGATION]
    assert len(names) == len(set(names)) and set(names) <= set(PERMISSIONS)
