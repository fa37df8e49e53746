"""A real browser at a real server: Chromium, driven by Playwright, and a portal in a thread.

Fixtures, by way of `conftest.py`: `city_url`, where the city of `bureau` is served, and `page`, a
fresh browser window in English that has signed in nowhere.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.types import ASGIApp

from portal.app import create_app
from portal.tokens import service_key
from sandbox.opening import open_desk
from tests.portal.bureau import Bureau
from tests.portal.people import PASSWORD
from tests.servers import free_port

GRAVE = ("serious", "critical")
PATIENCE = 10_000  # milliseconds for what a page should do at once


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application in a thread of this process; gives its address."""
    port = free_port()
    config = uvicorn.Config(app, port=port, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture(scope="session")
def city_url(bureau: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The city of `bureau`, served inside this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_HOME", str(bureau.home))
        plan = bureau.city.plan()
        key = service_key(Path(tmp_path_factory.mktemp("keys")))
        with open_desk(plan) as opened:
            app = create_app(opened, plan, key, log=lambda _: None)
            with serving(app) as url:
                yield url


# Of a module, not of the session: while Playwright runs, its loop is this thread's, and no test could run one.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a module; skipped only where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as driver:
        # As root, in a container, Chromium has no sandbox of its own.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=path, headless=True, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A window of its own; whatever the page says on the console as an error fails the test."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    made = context.new_page()
    made.set_default_timeout(PATIENCE)
    errors: list[str] = []
    made.on("console", lambda one: errors.append(one.text) if one.type == "error" else None)
    made.on("pageerror", lambda one: errors.append(str(one)))
    yield made
    context.close()
    # A page that is refused is no fault of the page.
    assert [one for one in errors if "the server responded with a status of" not in one] == []


def sign_in(page: Page, url: str, name: str, password: str = PASSWORD) -> None:
    """Sign in by the form."""
    page.goto(f"{url}/sign-in?lang=en")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def axe_faults(page: Page, *rules: str) -> list[tuple[str, str, list[Any]]]:
    """What axe finds serious or critical on a page: rule, help, and where.

    Args:
        rules: only these; else all of them.
    """
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = list(rules)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("(options) => axe.run(options)", options)["violations"]
    return [
        (one["id"], one["help"], [node["html"][:200] for node in one["nodes"]])
        for one in found
        if one["impact"] in GRAVE
    ]


def seen(page: Page, name: str) -> None:
    """Keep a picture of the whole page, if `CITYBRAIN_PICTURES` names a folder for them."""
    folder = os.environ.get("CITYBRAIN_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
