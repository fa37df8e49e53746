"""Take the pictures of the portal that the documentation shows, into `docs/images/`.

The city is the synthetic one of `docs/sandbox-walkthrough.md`: its folder, documents and service are
made by carrying that page out until the service runs. Then each function of `PICTURES` visits the portal
as somebody and takes a picture named after it. Others add a function there, and a line to `PEOPLE`.

Those of `CITY_PICTURES` show the example city Tainan as `make demo` leaves it, with its sample people.
None of them shows a row of its data: that holds names of persons.

Run `python -m docs.generate_screenshots [NAME ...]`; it needs Chromium (`chromium` on the PATH). The
pictures are looked at by people; no test compares them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from docs.generate_walkthrough import PAGE, Part, Reader, parts_of

IMAGES = Path(__file__).resolve().parent / "images"
CITY = "mycity"
EXAMPLE = "workspaces/tainan"
PASSWORD = "correct horse battery"  # of invented people in a city that lives for a minute
# Name, role, and what else the account needs. All are synthetic.
PEOPLE = (
    ("wang", "partner", "--partner bank-a"),
    ("auditor", "auditor", ""),
)
SIZE = {"width": 1280, "height": 900}
TALLEST = 2000
QUESTION = """SELECT area, COUNT(*) AS firms, AVG(paid) AS paid
FROM sandbox.firm
GROUP BY area"""


def console_price(page: Page, url: str) -> None:
    """The editor with a price; nothing is spent."""
    sign_in(page, url, "wang")
    _ask(page, url, "What would it cost?")
    expect(page.locator("#console-result")).to_contain_text("Nothing was spent")


def console_suggestions(page: Page, url: str) -> None:
    """The editor while it suggests what may come next."""
    sign_in(page, url, "wang")
    page.goto(f"{url}/console/agreements/green-credit")
    page.locator("#console-sql").focus()
    page.keyboard.type("SELECT area, COUNT(*) AS firms\nFROM sandbox.firm\nWHERE ")
    page.keyboard.press("Control+Space")
    expect(page.locator("#console-suggestions")).to_be_visible()


def console_answer(page: Page, url: str) -> None:
    """An answer with its charts, table and the budget that is left."""
    sign_in(page, url, "wang")
    _ask(page, url, "Ask")
    expect(page.locator("#console-result table")).to_contain_text("±", timeout=60_000)


def console_refusal(page: Page, url: str) -> None:
    """A question that is not answered, with its place."""
    sign_in(page, url, "wang")
    page.goto(f"{url}/console/agreements/green-credit")
    page.locator("#console-sql").fill("SELECT code, paid\nFROM sandbox.firm")
    page.get_by_role("button", name="What would it cost?").click()
    expect(page.locator("#console-refusal")).to_be_visible()


def console_history(page: Page, url: str) -> None:
    """What was asked before."""
    sign_in(page, url, "wang")
    page.goto(f"{url}/console/history")


def openings(page: Page, url: str) -> None:
    """The register of openings, as an auditor sees it."""
    sign_in(page, url, "auditor")
    page.goto(f"{url}/openings")


def portal_home(page: Page, url: str) -> None:
    """The indicators, as a steward sees them."""
    sign_in(page, url, "steward", passwords()["steward"])
    page.goto(f"{url}/")


def catalogue_search(page: Page, url: str) -> None:
    """A search in traditional characters."""
    sign_in(page, url, "labour-officer", passwords()["labour-officer"])
    page.goto(f"{url}/catalogue?q=環境處分")


def catalogue_resource(page: Page, url: str) -> None:
    """A resource: its items, quality, fields and lineage."""
    sign_in(page, url, "labour-officer", passwords()["labour-officer"])
    page.goto(f"{url}/catalogue/resource/base.site")


def request_page(page: Page, url: str) -> None:
    """A request that was granted in part."""
    sign_in(page, url, "labour-officer", passwords()["labour-officer"])
    page.goto(f"{url}/requests")
    page.locator("main table a").first.click()


def inbox(page: Page, url: str) -> None:
    """What waits for a department."""
    sign_in(page, url, "environment-officer", passwords()["environment-officer"])
    page.goto(f"{url}/inbox")


def runs(page: Page, url: str) -> None:
    """The last run and its steps."""
    sign_in(page, url, "engineer", passwords()["engineer"])
    page.goto(f"{url}/runs")
    page.locator("main table a").first.click()


def audit_log(page: Page, url: str) -> None:
    """The audit log."""
    sign_in(page, url, "auditor", passwords()["auditor"])
    page.goto(f"{url}/audit")


def open_data(page: Page, url: str) -> None:
    """A dataset that anybody may download, in Chinese."""
    page.goto(f"{url}/opendata/open.hotline_statistics?lang=zh")


CITY_PICTURES: tuple[Callable[[Page, str], None], ...] = (
    portal_home,
    catalogue_search,
    catalogue_resource,
    request_page,
    inbox,
    runs,
    audit_log,
    open_data,
)


@cache
def passwords() -> dict[str, str]:
    """The sample people of the example city, with new passwords."""
    command = [sys.executable, "-m", "citybrain", "samples", EXAMPLE, "--json"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {one["name"]: one["password"] for one in json.loads(told)}


@contextmanager
def example_served() -> Iterator[str]:
    """The example city, which `make demo` has published, at an address."""
    command = [sys.executable, "-m", "citybrain", "serve", EXAMPLE, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        try:
            yield re.findall(r"http://[0-9.:]+", service.stdout.readline())[0].rstrip(".:")
        finally:
            service.terminate()


# In this order: what was asked for one picture may be seen in a later one.
PICTURES: tuple[Callable[[Page, str], None], ...] = (
    console_price,
    console_suggestions,
    console_answer,
    console_refusal,
    console_history,
    openings,
)


def _ask(page: Page, url: str, button: str) -> None:
    page.goto(f"{url}/console/agreements/green-credit")
    page.locator("#console-sql").fill(QUESTION)
    page.get_by_role("button", name=button, exact=True).click()


def sign_in(page: Page, url: str, name: str, password: str = PASSWORD) -> None:
    """Sign in by the form, in English."""
    page.goto(f"{url}/sign-in?lang=en")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The city of the walk-through with its people, at an address."""
    with Reader(folder, [sys.executable, "-m", "citybrain"]) as reader:
        for part in parts_of(PAGE.read_text("utf-8")):
            reader.do(part)
            if "citybrain serve" in part.text and part.language == "console":
                break
        for name, role, more in PEOPLE:
            called = f"{name} (synthetic)"
            words = f"citybrain account add {CITY} {name} --role {role} --name '{called}' {more}"
            line = f"$ echo '{PASSWORD}' | {words} --password-stdin"
            reader.do(Part(f"{line}\n", "console"))
        yield f"http://127.0.0.1:{reader.port}"


def take(browser: Browser, url: str, picture: Callable[[Page, str], None]) -> None:
    """One picture, of the page's first `TALLEST` pixels."""
    context = browser.new_context(locale="en-GB", viewport=SIZE)  # type: ignore[arg-type]
    page = context.new_page()
    picture(page, url)
    page.wait_for_timeout(300)
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
    size = {"x": 0, "y": 0, "width": SIZE["width"], "height": height}
    path = IMAGES / f"{picture.__name__.replace('_', '-')}.png"
    page.screenshot(path=path, full_page=True, clip=size)  # type: ignore[arg-type]
    context.close()


def main(names: list[str]) -> None:
    """Take all pictures, or those that are named."""
    known = [one.__name__ for one in (*PICTURES, *CITY_PICTURES)]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"There is no picture {unknown[0]}; there are: {', '.join(known)}.")
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("There is no Chromium. Install it and try again.")
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=chromium, args=flags)
        cities = ((PICTURES, served(Path(folder))), (CITY_PICTURES, example_served()))
        for pictures, city in cities:
            wanted = [one for one in pictures if not names or one.__name__ in names]
            if wanted:
                with city as url:
                    for picture in wanted:
                        take(browser, url, picture)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
