"""The console in a real browser: a partner's analyst asks by keyboard alone."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.app import create_app
from portal.tokens import service_key
from sandbox.opening import open_desk
from tests.portal.browser import axe_faults, serving, sign_in
from tests.portal.bureau import VIEWS, Bureau, take
from tests.portal.people import PASSWORD, account
from tests.support.city import NAME
from tests.support.instruments import agreement

AGREEMENT = "agreement-keys"
QUESTION = "SELECT area, COUNT(*) AS n, SUM(paid) AS paid\nFROM sandbox.firm\nGROUP BY area"
DRAWN = """[...document.querySelectorAll("[data-chart]")].map(
    (one) => echarts.getInstanceByDom(one).getOption().series.map((s) => [s.type, s.data.length]))"""


@pytest.fixture
def analyst(page: Page, bureau: Bureau, city_url: str) -> Page:
    """A window in which the analyst keys of bank-a has signed in, at the editor."""
    account(bureau, "keys", "partner")
    terms = {"id": AGREEMENT, "views": VIEWS, "letters": ["letter-tax"], "users": ["keys"]}
    terms |= {"valid_from": "2026-01-01", "valid_to": "2099-12-31"}
    with bureau.store() as store:
        take(store, agreement(**terms))
    sign_in(page, city_url, "keys")
    page.goto(f"{city_url}/console/agreements/{AGREEMENT}")
    return page


def tab_to(page: Page, id: str) -> None:
    for _ in range(60):
        if page.evaluate("document.activeElement.id") == id:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{id} is not reached by Tab")


def percent(page: Page) -> int:
    found = re.search(r"(\d+) % left", page.locator("#console-budget").inner_text())
    assert found is not None
    return int(found[1])


def complete(page: Page, typed: str, by: str = "Control+Space") -> None:
    """Type the beginning of something and take what is suggested first."""
    page.keyboard.type(typed)
    page.keyboard.press(by)
    expect(page.locator("#console-suggestions [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#console-suggestions")).to_be_hidden()


def write_question(page: Page) -> None:
    """The whole question, with hardly a word written out."""
    keys = page.keyboard
    tab_to(page, "console-sql")
    keys.type("SEL")  # the list opens by itself, and nothing is chosen until one asks for it
    expect(page.locator("#console-suggestions [role=option]").first).to_be_visible()
    assert page.locator("#console-sql").get_attribute("aria-activedescendant") is None
    keys.press("ArrowDown")
    chosen = page.locator("#console-sql").get_attribute("aria-activedescendant")
    assert page.locator(f"#{chosen}").get_attribute("aria-selected") == "true"
    keys.press("Enter")
    complete(page, " ar")
    complete(page, ", COU", by="Alt+ArrowDown")
    complete(page, " AS n, SU")
    complete(page, "pa")  # in place of what the function was suggested with
    keys.press("End")
    complete(page, " AS paid\nFROM ")
    complete(page, "\nGRO")
    complete(page, " ar")
    assert page.locator("#console-sql").input_value() == QUESTION


def test_a_partner_asks_by_keyboard_alone(analyst: Page) -> None:
    page, result = analyst, analyst.locator("#console-result")
    before = percent(page)
    write_question(page)
    tab_to(page, "console-price")
    page.keyboard.press("Enter")
    expect(result).to_contain_text("Nothing was spent")
    assert percent(page) == before
    tab_to(page, "console-ask")
    page.keyboard.press("Enter")
    expect(result.locator("table")).to_contain_text("west", timeout=30_000)
    expect(result).to_contain_text("It cost ε 0.2")
    expect(page.locator("#console-heard")).to_contain_text("Answer")
    assert percent(page) < before
    assert page.evaluate(DRAWN) == [[["bar", 2], ["custom", 2]]] * 2
    assert re.search(r"/console/jobs/[\w-]+$", page.url)
    assert axe_faults(page) == []
    page.reload()
    expect(result.locator("table")).to_contain_text("east")
    assert page.locator("#console-sql").input_value() == QUESTION


def test_keys_of_a_field_are_suggested(analyst: Page) -> None:
    page, keys = analyst, analyst.keyboard
    page.locator("#console-sql").focus()
    keys.type("SELECT COUNT(*) FROM sandbox.firm WHERE area = '")
    keys.press("Control+Space")
    names = page.locator("#console-suggestions [role=option] code").all_inner_texts()
    assert names == ["east", "west"]
    assert axe_faults(page) == []
    keys.press("ArrowDown")
    keys.press("Enter")
    assert page.locator("#console-sql").input_value().endswith("area = 'west'")
    keys.press("Enter")  # nothing is listed any more: a new line
    assert page.locator("#console-sql").input_value().endswith("\n")


def test_a_refusal_is_marked_where_it_is(analyst: Page) -> None:
    page = analyst
    field = page.locator("#console-sql")
    field.fill("SELECT COUNT(*)\nFROM sandbox.firm\nWHERE nothing > 1")
    page.locator("#console-price").click()
    fault = page.get_by_role("alert").filter(has_text="No answer")
    expect(fault).to_contain_text("Line 3, column 7")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    selected = "(() => { const f = document.activeElement; return f.value.slice(f.selectionStart, f.selectionEnd); })()"
    assert page.evaluate(selected) == "nothing"
    described = (field.get_attribute("aria-describedby") or "").split()
    assert "console-refusal" in described and page.locator("#console-refusal").count() == 1
    assert axe_faults(page) == []
    page.keyboard.type("paid")
    assert field.get_attribute("aria-invalid") is None
    page.locator("#console-price").click()
    expect(page.locator("#console-result")).to_contain_text("ε 0.2")


def test_a_double_click_asks_once(analyst: Page, city_url: str) -> None:
    page = analyst
    page.locator("#console-sql").fill("SELECT AVG(paid) AS double FROM sandbox.firm")
    page.locator("#console-ask").dblclick()
    expect(page.locator(".singles")).to_contain_text("±", timeout=30_000)
    page.goto(f"{city_url}/console/history")
    expect(page.locator("ol.past li", has_text="AS double")).to_have_count(1)
    assert axe_faults(page) == []


def test_the_pages_around(analyst: Page, city_url: str) -> None:
    page = analyst
    page.goto(f"{city_url}/console")
    expect(page.get_by_role("link", name=AGREEMENT)).to_be_visible()
    assert axe_faults(page) == []
    page.goto(f"{city_url}/console?lang=zh")
    expect(page.get_by_role("heading", level=1)).to_have_text("沙箱")
    page.goto(f"{city_url}/console/agreements/{AGREEMENT}")
    page.locator("#console-sql").fill("SELECT area, COUNT(*) AS n FROM sandbox.firm GROUP BY area")
    page.locator("#console-ask").click()
    expect(page.locator("#console-result table")).to_contain_text("±", timeout=30_000)
    page.get_by_role("link", name="答案页面").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("答案")
    expect(page.locator("canvas")).to_have_count(1)
    assert axe_faults(page) == []
    page.goto(f"{city_url}/console?lang=en")


@pytest.fixture
def slow(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, threading.Event]]:
    """The same city at an address where questions are counted only when they are let go."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(bureau.home))
    go = threading.Event()
    plan = bureau.city.plan()
    with open_desk(plan) as opened:
        count = opened.desk._count

        def waiting(planned: Any, snapshots: Any, watch: Any) -> Any:
            with watch.counting(go.set, lambda: 0.4):  # who stops it lets it go
                assert go.wait(60)
            return count(planned, snapshots, watch)

        monkeypatch.setattr(opened.desk, "_count", waiting)
        app = create_app(opened, plan, service_key(tmp_path), log=lambda _: None)
        with serving(app) as url:
            yield url, go
            go.set()


def begin(page: Page, url: str, sql: str) -> None:
    """Ask something that is at work for a while; the session holds at every port of the host."""
    page.goto(f"{url}/console/agreements/{AGREEMENT}")
    page.locator("#console-sql").fill(sql)
    page.locator("#console-ask").click()
    expect(page.locator("#console-job progress")).to_have_attribute("value", "0.4", timeout=30_000)


def test_a_job_is_reloaded_and_stopped(analyst: Page, slow: tuple[str, threading.Event]) -> None:
    page, (url, go) = analyst, slow
    begin(page, url, "SELECT COUNT(*) AS stopped FROM sandbox.firm WHERE paid > 3")
    assert axe_faults(page) == []
    page.reload()
    expect(page.locator("#console-job progress")).to_have_attribute("value", "0.4")
    before = percent(page)
    page.get_by_role("button", name="Stop").click()
    fault = page.get_by_role("alert").filter(has_text="No answer")
    expect(fault).to_contain_text("stays charged", timeout=30_000)
    assert go.is_set()
    page.locator("#console-ask").click()
    expect(page.locator(".singles")).to_contain_text("±", timeout=30_000)
    expect(page.locator("#console-result")).to_contain_text("It cost nothing")
    assert percent(page) <= before


def test_a_session_ends_while_a_question_is_at_work(
    analyst: Page, slow: tuple[str, threading.Event]
) -> None:
    page, (url, go) = analyst, slow
    begin(page, url, "SELECT COUNT(*) AS lost FROM sandbox.firm WHERE paid > 5")
    at = page.url
    page.context.clear_cookies()
    page.get_by_label("Password").wait_for(timeout=30_000)  # the next look at the job led here
    go.set()
    page.get_by_label("Name").fill("keys")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.locator(".singles")).to_contain_text("±", timeout=30_000)
    assert page.url == at


def test_an_agreement_is_revoked_between_price_and_question(
    analyst: Page, bureau: Bureau, city_url: str
) -> None:
    page = analyst
    terms = {"id": "agreement-ends", "views": VIEWS, "letters": ["letter-tax"], "users": ["keys"]}
    terms |= {"valid_from": "2026-01-01", "valid_to": "2099-12-31"}
    with bureau.store() as store:
        take(store, agreement(**terms))
        page.goto(f"{city_url}/console/agreements/agreement-ends")
        page.locator("#console-sql").fill("SELECT COUNT(*) AS n FROM sandbox.firm")
        page.locator("#console-price").click()
        expect(page.locator("#console-result")).to_contain_text("Nothing was spent")
        now = datetime.now(UTC)
        store.instruments.revoke(
            NAME, "agreement", "agreement-ends", at=now, by="centre", reason="a test"
        )
    page.locator("#console-ask").click()
    fault = page.get_by_role("alert").filter(has_text="No answer")
    expect(fault).to_contain_text("agreement_revoked", timeout=30_000)
    expect(page.locator("#console-budget")).to_contain_text("100 % left")
