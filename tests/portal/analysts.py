"""The console as an analyst meets it, inside the test's process: fixtures and what tests do with its pages.

`console` is a city whose database is a test's own; `asking` the browser of its analyst wang.
"""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.portal.bureau import SQL, Bureau, make_bureau
from tests.portal.inside import Inside, inside
from tests.portal.people import Browser, account
from tests.support.city import NAME
from tests.support.databases import copy_database

EDITOR = "/console/agreements/agreement-a"
QUOTE, ASK = "/console/quote/agreement-a", "/console/ask/agreement-a"
NONCE = "n" * 20
HTMX = {"HX-Request": "true"}
SETTINGS = "\n[sandbox]\nepsilon = 1000\n\n[service]\nrequests_per_minute = 100000\n"


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A city with a small budget of which nothing is spent; tests copy its database."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("console")
        patch.setenv("CITYBRAIN_HOME", str(root / "home"))
        patch.delenv("CITYBRAIN_DATABASE", raising=False)
        return make_bureau(root, SETTINGS, budget=2.0)


@pytest.fixture
def console(
    untouched: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Bureau, Inside]]:
    """The city for tests that spend: its database is their own, its published tables are not."""
    copy = tmp_path / "catalog.db"
    copy_database(untouched.home / NAME / "catalog.db", copy)
    url = f"sqlite:///{copy}"
    monkeypatch.setenv("CITYBRAIN_HOME", str(untouched.home))
    monkeypatch.setenv("CITYBRAIN_DATABASE", url)
    bureau = Bureau(untouched.city, untouched.home, {"CITYBRAIN_DATABASE": url})
    with inside(bureau, tmp_path / "keys") as portal:
        yield bureau, portal


@pytest.fixture
def asking(console: tuple[Bureau, Inside]) -> Browser:
    """The analyst wang of bank-a, signed in."""
    return analyst(*console, "wang")


def analyst(bureau: Bureau, portal: Inside, name: str, partner: str = "bank-a") -> Browser:
    """Somebody of a partner's with an account of that name, signed in."""
    account(bureau, name, "partner", partner=partner)
    browser = Browser(portal)
    assert browser.sign_in(name).status_code == 303
    return browser


def form(sql: str = SQL, **more: str) -> dict[str, str]:
    """The editor's form."""
    return {"sql": sql, "purpose": "credit", "nonce": NONCE, "by": "usual", **more}


def part(browser: Browser, path: str, sent: dict[str, str]) -> httpx.Response:
    """Send a form as htmx does."""
    return browser.http.post(path, data=sent | {"csrf": browser.seal("/")}, headers=HTMX)


def ended(browser: Browser, response: httpx.Response) -> str:
    """The part of the page that stands there when the question has ended."""
    path = response.headers["hx-replace-url"]
    for _ in range(200):
        if "console-job" not in response.text:
            return response.text
        time.sleep(0.05)
        response = browser.get(path, headers=HTMX)
    raise AssertionError(response.text)


def asked(browser: Browser, sent: dict[str, str]) -> str:
    """Ask; the part of the page that stands there when the question has ended."""
    response = part(browser, ASK, sent)
    assert response.status_code == 200, response.text
    return ended(browser, response)


def answer_id(shown: str) -> str:
    """By which the answer on a page is read again."""
    found = re.search(r"/console/answers/([^/\"]+)/csv", shown)
    assert found is not None, shown
    return found[1]


def charges(bureau: Bureau) -> int:
    """How often anything was charged."""
    with bureau.store() as store:
        return store.budgets.head(NAME, "enterprise").number


def plain(shown: str) -> str:
    """The text of some HTML."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", shown)))


def left(shown: str) -> int:
    """Percent of the budget that the gauge shows."""
    found = re.search(r"(\d+) % left", plain(shown))
    assert found is not None, shown
    return int(found[1])


def held(portal: Inside) -> Any:
    """Let questions wait while they are counted, until they are let go."""
    counting, go = threading.Event(), threading.Event()
    desk = portal.opened.desk
    count = desk._count

    def waiting(plan: Any, snapshots: Any, watch: Any) -> Any:
        counting.set()
        assert go.wait(30)
        with watch.counting(lambda: None, lambda: 0.5):
            return count(plan, snapshots, watch)

    desk._count = waiting
    return counting, go


def at(response: httpx.Response, job: str) -> httpx.Response:
    """A part of a page as if asking had given it."""
    response.headers["hx-replace-url"] = job
    return response
