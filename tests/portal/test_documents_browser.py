"""The pages of agreements in Chromium: ending one by the form, both languages, and what axe finds."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.portal.browser import axe_faults, sign_in
from tests.portal.bureau import Bureau, instruments, take
from tests.portal.people import account


def test_a_steward_reads_and_ends_an_agreement(bureau: Bureau, city_url: str, page: Page) -> None:
    with bureau.store() as store:
        take(store, {**instruments()[1], "id": "agreement-shown"})
        take(store, {**instruments(users=["wang"])[1], "id": "agreement-shown", "version": 2})
    account(bureau, "browser-steward", "steward")
    sign_in(page, city_url, "browser-steward")
    page.get_by_role("link", name="Agreements").click()
    expect(page.get_by_role("heading", name="Agreements", exact=True)).to_be_visible()
    assert axe_faults(page) == []
    page.get_by_role("link", name="agreement-shown").click()
    expect(page.get_by_text("bank-a still has to sign.")).to_be_visible()
    expect(page.get_by_role("cell", name="wang, li")).to_be_visible()
    assert axe_faults(page) == []
    page.get_by_label("Reason").fill("The purpose has been reached.")
    page.get_by_role("button", name="End this document").click()
    expect(page.get_by_text("agreement-shown was ended.")).to_be_visible()
    expect(page.get_by_text("The purpose has been reached.")).to_be_visible()
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_text("已终止", exact=True)).to_be_visible()
    assert axe_faults(page) == []
