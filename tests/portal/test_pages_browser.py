"""The pages of the portal in Chromium: keyboard, languages, and what axe finds."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.portal.browser import axe_faults, sign_in
from tests.portal.bureau import Bureau
from tests.portal.people import account


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
