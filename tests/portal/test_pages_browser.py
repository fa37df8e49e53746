"""The pages of the portal in Chromium: keyboard, languages, and what axe finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.app import create_app
from sandbox.opening import open_desk
from tests.portal.browser import axe_faults, seen, serving, sign_in
from tests.portal.bureau import Bureau
from tests.portal.people import PASSWORD, account
from tests.portal.rejecting import SHOP, fields, gate, rejecting_bureau
from tests.support.city import NAME


def test_signing_in_and_changing_the_language(bureau: Bureau, city_url: str, page: Page) -> None:
    account(bureau, "browser-engineer", "engineer")
    page.goto(f"{city_url}/sign-in")
    assert axe_faults(page) == []
    sign_in(page, city_url, "browser-engineer")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert axe_faults(page) == []
    page.get_by_role("link", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    page.goto(f"{city_url}/")
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    assert axe_faults(page) == []
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_text("您已退出。")).to_be_visible()


def test_the_first_stop_of_the_keyboard_skips_to_the_content(city_url: str, page: Page) -> None:
    page.goto(f"{city_url}/sign-in")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_page_that_is_not_there(city_url: str, page: Page) -> None:
    page.goto(f"{city_url}/nowhere")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    assert axe_faults(page) == []


@pytest.fixture
def rejecting_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bureau, str]]:
    """A city with rejected rows and a held publish, served."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    bureau = rejecting_bureau(tmp_path)
    plan = bureau.city.plan()
    with open_desk(plan) as opened:
        app = create_app(opened, plan, b"k" * 32, log=lambda _: None)
        with serving(app) as url:
            yield bureau, url


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_pages_of_staff_have_no_grave_fault(
    rejecting_url: tuple[Bureau, str], page: Page, lang: str
) -> None:
    bureau, url = rejecting_url
    account(bureau, "browser-steward", "steward")
    sign_in(page, url, "browser-steward")
    page.goto(f"{url}/?lang={lang}")
    expect(page.locator("[data-chart] canvas").first).to_be_visible()
    with bureau.store() as store:
        run = store.runs(NAME)[0].run_id
    for path in (
        "/",
        "/runs",
        f"/runs/{run}",
        "/holds",
        "/quarantine",
        f"/quarantine/{SHOP}",
        "/me",
    ):
        page.goto(url + path)
        assert axe_faults(page) == [], path
        seen(page, f"portal{path.replace('/', '-').replace(run, 'one')}-{lang}")


def test_an_administrators_work(bureau: Bureau, city_url: str, page: Page) -> None:
    account(bureau, "browser-admin", "administrator")
    sign_in(page, city_url, "browser-admin")
    page.get_by_role("link", name="Accounts").click()
    page.get_by_label("Name", exact=True).fill("made-in-browser")
    page.get_by_label("Role").select_option("officer")
    page.get_by_label("Department", exact=True).select_option("tax")
    page.get_by_role("button", name="Add account").click()
    expect(page.locator("#given")).not_to_be_empty()
    assert axe_faults(page) == []
    seen(page, "portal-accounts-en")
    row = page.get_by_role("row", name="made-in-browser")
    page.once("dialog", lambda dialog: dialog.dismiss())
    row.get_by_role("button", name="Close made-in-browser").click()
    expect(row.get_by_text("open")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Close made-in-browser").click()
    expect(page.get_by_text("The account made-in-browser is closed")).to_be_visible()


@pytest.mark.slow
def test_judging_again_shows_how_it_goes(rejecting_url: tuple[Bureau, str], page: Page) -> None:
    bureau, url = rejecting_url
    account(bureau, "browser-engineer", "engineer")
    bureau.city.collected("trade/shop", fields("tea, ink, soup"), custom=gate())
    sign_in(page, url, "browser-engineer")
    page.goto(f"{url}/quarantine/{SHOP}")
    page.get_by_role("button", name="Judge again").click()
    expect(page.locator("#replay progress")).to_be_visible()
    told = page.get_by_text("4 rows were judged again, 1 of them are published now.")
    expect(told).to_be_visible(timeout=120_000)


def test_a_session_that_is_over_leads_to_sign_in(
    rejecting_url: tuple[Bureau, str], page: Page
) -> None:
    """Also where only a part of the page was asked for."""
    bureau, url = rejecting_url
    account(bureau, "browser-engineer", "engineer")
    sign_in(page, url, "browser-engineer")
    page.goto(f"{url}/quarantine/{SHOP}")
    with bureau.store() as store:
        store.accounts.set_password(NAME, "browser-engineer", PASSWORD)
    page.get_by_role("button", name="Judge again").click()
    page.get_by_label("Password").wait_for()
    page.get_by_label("Name").fill("browser-engineer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name=SHOP)).to_be_visible()
