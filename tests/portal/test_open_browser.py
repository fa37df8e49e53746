"""The open-data pages in Chromium: search, download, both languages, and what axe finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.portal.browser import axe_faults
from tests.portal.opencity import listening, served
from tests.support.city import City
from tests.support.opencity import open_city


@pytest.fixture
def url(city: City) -> Iterator[str]:
    open_city(city)
    city.run()
    with served(city) as site, listening(site.app) as address:
        yield address


def test_anyone_finds_reads_and_downloads(url: str, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{url}/opendata")
    assert axe_faults(page) == []
    page.get_by_label("Search open data").fill("permits")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("1 of 1 datasets")).to_be_visible()
    page.get_by_role("link", name="permit", exact=True).first.click()
    expect(page.get_by_role("heading", name="Downloads")).to_be_visible()
    assert axe_faults(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "open.permit.csv"
    assert "north" in download.value.path().read_text("utf-8")
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading", name="下载")).to_be_visible()
    assert axe_faults(page) == []
    # The script with the data for search engines is data: the policy has nothing against it.
    assert page.locator('script[type="application/ld+json"]').count() == 1
    assert [text for text in said if "Content Security Policy" in text] == []


def test_a_page_without_scripts_works_as_well(url: str, page: Page) -> None:
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    plain = context.new_page()
    plain.goto(f"{url}/opendata?q=permit&lang=en")
    expect(plain.get_by_text("1 of 1 datasets")).to_be_visible()
    context.close()
