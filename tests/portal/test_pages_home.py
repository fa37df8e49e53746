"""The home page: indicators for those who work on the data, and none that nobody could know."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from html import unescape
from types import SimpleNamespace
from typing import Any, cast

import pytest

from catalog.database.beats import Served
from catalog.people import Role
from pipelines.availability import availability
from pipelines.city_measures import CityMeasures, Trend, _available
from portal.pages.navigation import NAVIGATION
from portal.permissions import PERMISSIONS
from tests.portal.bureau import Bureau
from tests.portal.inside import Inside
from tests.portal.people import Browser, account, forgive


@pytest.fixture
def bureau(console: tuple[Bureau, Inside]) -> Bureau:
    """A city of the test's own: what others ask for and record would be counted here too."""
    return console[0]


@pytest.fixture
def portal(console: tuple[Bureau, Inside]) -> Inside:
    """The same, served."""
    return console[1]


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
    assert any(one.startswith("Utilisation ") and "of 1 published resources" in one for one in told)
    for name in ("Sharing rate", "Availability", "Leaks", "Requests answered"):
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


@pytest.mark.parametrize(
    ("lang", "shown", "hint"),
    [
        ("en", "Availability 87.50 %", "gaps: 1, the longest 6.0 h"),
        ("zh", "可用性 87.50 %", "中断 1 次，最长 6.0 小时"),
    ],
)
def test_availability_of_a_service_with_a_history(
    portal: Inside, bureau: Bureau, lang: str, shown: str, hint: str
) -> None:
    now = portal.clock()

    class Times:
        """Two days, of which the service was away six hours."""

        def first(self, _workspace: str) -> datetime:
            return now - timedelta(hours=48)

        def since(self, _workspace: str, _moment: datetime) -> list[Served]:
            back = now - timedelta(hours=20)
            return [Served(now - timedelta(hours=48), back - timedelta(hours=6)), Served(back, now)]

    found = CityMeasures((_available(availability(cast(Any, SimpleNamespace(beats=Times())), "x", now)),),
                         Trend((), ()), Trend((), ()), {}, {}, 0, 0, 0)  # fmt: skip
    portal.http.app.state.site._known["measures"] = (float("inf"), found)  # type: ignore[attr-defined]
    forgive(bureau)
    account(bureau, "home-engineer", "engineer")
    browser = Browser(portal)
    browser.sign_in("home-engineer")
    text = " ".join(re.sub(r"<[^>]+>", " ", browser.get(f"/?lang={lang}").text).split())
    assert shown in text and hint in text


@pytest.mark.parametrize("role", ["officer", "partner", "administrator"])
def test_others_see_none(portal: Inside, bureau: Bureau, role: Role) -> None:
    shown = home_of(portal, bureau, role)
    assert "Indicators" not in shown and "data-chart" not in shown


def test_the_header_leads_to_each_page_once() -> None:
    names = [name for name, _ in NAVIGATION]
    assert len(names) == len(set(names)) and set(names) <= set(PERMISSIONS)
