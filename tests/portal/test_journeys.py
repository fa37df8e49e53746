"""What people do from end to end, each in a browser window of his own: find, ask, grant, get, and see it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, expect

from catalog.people import Role
from portal.app import create_app
from portal.tokens import service_key
from sandbox.opening import open_desk
from tests.portal.browser import PATIENCE, serving, sign_in
from tests.portal.bureau import Bureau
from tests.portal.inside import Clock
from tests.portal.people import account
from tests.support.city import City

DEPARTMENTS = """
departments:
  - {id: tax, name: {en: Tax Bureau, zh: 税务局}, role: provider}
  - {id: health, name: {en: Health Bureau, zh: 卫生局}, role: provider}
  - {id: water, name: {en: Water Bureau, zh: 水务局}, role: provider}
  - {id: bureau, name: {en: Data Bureau, zh: 数据局}, role: operator}
"""
FIELDS = """
    - {name: code, businessName: 企业代码 / firm code, logicalType: string, primaryKey: true, classification: L1}
    - {name: area, businessName: 区域 / area, logicalType: string, classification: L1}
    - {name: paid, businessName: 纳税额 / tax paid, logicalType: number, classification: L2}
    - {name: note, businessName: 备注 / note, logicalType: string, classification: L2}
"""
SHARED = "- {property: catalogue, value: {share_type: 2, share_condition: for a stated duty, share_way: interface}}"
RESOURCE = "raw.tax__firm"
PEOPLE: dict[str, tuple[Role, str | None]] = {
    "asker": ("officer", "health"),
    "owner": ("officer", "tax"),
    "stranger": ("officer", "water"),
    "steward": ("steward", None),
    "auditor": ("auditor", None),
}


class Windows:
    """Each person's own browser window at one served city.

    Attributes:
        clock: the service's.
    """

    def __init__(self, url: str, chromium: Browser, clock: Clock) -> None:
        self.url, self.clock = url, clock
        self._chromium = chromium
        self._open: dict[str, Page] = {}

    def of(self, name: str) -> Page:
        """The window of somebody, signed in."""
        if name not in self._open:
            context = self._chromium.new_context(locale="en-GB", accept_downloads=True)
            page = self._open[name] = context.new_page()
            page.set_default_timeout(PATIENCE)
            sign_in(page, self.url, name)
        return self._open[name]

    def close(self) -> None:
        """Close them all."""
        for page in self._open.values():
            page.context.close()


@pytest.fixture
def windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chromium: Browser
) -> Iterator[Windows]:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYBRAIN_DATABASE", raising=False)
    city = City(tmp_path / "city")
    city.settings()
    city.write("departments.yaml", DEPARTMENTS)
    city.collected("tax/firm", FIELDS, custom=SHARED)
    city.source("firm.csv", "code,area,paid,note\na1,east,11,first\n=b2,west,28,second\n")
    bureau = Bureau(city, tmp_path / "home")
    assert city.run().outcomes[RESOURCE].status == "published"
    for name, (role, department) in PEOPLE.items():
        account(bureau, name, role, department)
    plan, clock = city.plan(), Clock()
    with open_desk(plan, clock) as opened:
        app = create_app(opened, plan, service_key(tmp_path), clock, log=lambda _: None)
        with serving(app) as url:
            made = Windows(url, chromium, clock)
            yield made
            made.close()


def find_and_ask(page: Page, last: str) -> str:
    """An officer finds the resource by a part of a field's name, and asks for four fields; the request."""
    page.get_by_role("link", name="Catalogue").click()
    page.get_by_label("Search resources, fields, departments").fill("納稅")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("main").get_by_role("link", name=RESOURCE.split("__")[1]).first.click()
    for name in ("code", "area", "paid", "note"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Put the chosen fields into the basket").click()
    page.get_by_role("link", name="Basket").click()
    page.get_by_label("Basis").fill("Act 3 (synthetic)")
    page.get_by_label("Scenario").fill("<b>permits</b>")
    page.get_by_label("Purpose").fill("check permits")
    page.get_by_label("First day").fill("2026-01-01")
    page.get_by_label("Last day").fill(last)
    page.get_by_role("button", name="Submit the request").click()
    expect(page.get_by_text("The request was submitted.")).to_be_visible()
    expect(page.get_by_text("<b>permits</b>")).to_be_visible()  # as it was written, not as HTML
    return page.url.rsplit("/", 1)[1].partition("?")[0]


def check_and_send(page: Page, id: str) -> None:
    """The steward lets a request through."""
    page.get_by_role("link", name="Inbox").click()
    page.get_by_role("link", name=id).click()
    page.get_by_role("button", name="Begin the check").click()
    page.get_by_role("button", name="Send it to the owners").click()


def grant_three(page: Page, id: str) -> None:
    """The owner grants three fields and refuses the fourth."""
    page.get_by_role("link", name="Inbox").click()
    page.get_by_role("link", name=id).first.click()
    approve = page.get_by_role("radio", name="Approve")
    for number in range(3):
        approve.nth(number).check()
    page.get_by_role("radio", name="Refuse").nth(3).check()
    page.get_by_label("Reason for a refusal").nth(3).fill("not needed")
    page.get_by_role("button", name="Send the decision").click()
    expect(page.get_by_text("Supplied").first).to_be_visible()


def download(page: Page) -> list[dict[str, str]]:
    """The rows that an officer's only grant gives, from a CSV file."""
    page.get_by_role("link", name="Grants").click()
    with page.expect_download() as waited:
        page.get_by_role("link", name="Download csv").click()
    text = Path(waited.value.path()).read_text("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def link_of(windows: Windows, page: Page) -> str:
    """The address of that file."""
    href = page.get_by_role("link", name="Download csv").get_attribute("href") or ""
    return urljoin(windows.url, href)


def next_year(windows: Windows) -> str:
    """A last day that is far enough."""
    return f"{windows.clock.now.year + 1}-01-31"


def granted(windows: Windows, last: str) -> str:
    """From the search to the grant; the request."""
    id = find_and_ask(windows.of("asker"), last)
    check_and_send(windows.of("steward"), id)
    grant_three(windows.of("owner"), id)
    return id


def test_find_ask_grant_get_and_see_who_used_it(windows: Windows) -> None:
    asker = windows.of("asker")
    asker.goto(f"{windows.url}/grants")
    expect(asker.get_by_role("link", name="Download csv")).to_have_count(0)
    id = granted(windows, next_year(windows))
    rows = download(asker)
    assert set(rows[0]) == {"code", "area", "paid", "_objection"}
    # What would be a formula in a sheet is a text there.
    assert sorted(row["code"] for row in rows) == ["'=b2", "a1"]
    stranger = windows.of("stranger")
    answer = stranger.goto(f"{windows.url}/requests/{id}")
    assert answer is not None and answer.status == 404
    file = link_of(windows, asker)
    assert stranger.request.get(file).status == 404
    auditor = windows.of("auditor")
    auditor.get_by_role("link", name="Audit log").click()
    auditor.get_by_label("action").select_option("exchange")
    auditor.get_by_role("button", name="Filter").click()
    auditor.get_by_role("row").filter(has_text="department:health/asker").first.wait_for()
    auditor.get_by_role("link", name="Audit log").click()
    auditor.get_by_role("button", name="Verify the whole log").click()
    expect(auditor.locator(".badge.good")).to_be_visible()
    expect(auditor.get_by_text("0 faults")).to_be_visible()
    assert auditor.request.get(file).status == 403  # an auditor reads the log, not the data
    answer = asker.goto(f"{windows.url}/audit")
    assert answer is not None and answer.status == 403


def test_an_ended_grant_gives_nothing(windows: Windows) -> None:
    last = windows.clock.now.date().isoformat()
    granted(windows, last)
    asker = windows.of("asker")
    assert len(download(asker)) == 2
    file = link_of(windows, asker)
    windows.clock.later(days=1)
    asker.context.clear_cookies()
    sign_in(asker, windows.url, "asker")
    assert asker.request.get(file).status == 403
    asker.goto(f"{windows.url}/grants?lang=zh")
    expect(asker.get_by_role("link", name="下载 csv")).to_have_count(0)
    expect(asker.get_by_role("heading", name="授权")).to_be_visible()


def test_a_revoked_grant_gives_nothing_at_once(windows: Windows) -> None:
    granted(windows, next_year(windows))
    asker, owner = windows.of("asker"), windows.of("owner")
    assert len(download(asker)) == 2
    file = link_of(windows, asker)
    owner.get_by_role("link", name="Grants").click()
    owner.on("dialog", lambda dialog: dialog.accept())
    owner.get_by_label("Reason").fill("the duty has ended")
    owner.get_by_role("button", name="Revoke").click()
    expect(owner.get_by_text("the duty has ended")).to_be_visible()
    assert asker.request.get(file).status == 403
