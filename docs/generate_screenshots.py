"""Take the pictures of the portal that the documentation shows, into `docs/images/`.

The city is the synthetic one of `docs/sandbox-walkthrough.md`: its folder, documents and service are
made by carrying that page out until the service runs. Then each function of `PICTURES` visits the portal
as somebody and takes a picture named after it. Others add a function there, and a line to `PEOPLE`.

Run `python -m docs.generate_screenshots [NAME ...]`; it needs Chromium (`chromium` on the PATH). The
pictures are looked at by people; no test compares them.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from docs.generate_walkthrough import PAGE, Part, Reader, parts_of

IMAGES = Path(__file__).resolve().parent / "images"
CITY = "mycity"
PASSWORD = "correct horse battery"  # of invented people in a city that lives for a minute
# Name, role, and what else the account needs. All are synthetic.
PEOPLE = (
    ("wang", "partner", "--partner bank-a"),
    ("auditor", "auditor", ""),
)
SIZE = {"width": 1280, "height": 900}
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


def sign_in(page: Page, url: str, name: str) -> None:
    """Sign in by the form, in English."""
    page.goto(f"{url}/sign-in?lang=en")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
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
    """One picture, of the whole page."""
    context = browser.new_context(locale="en-GB", viewport=SIZE)  # type: ignore[arg-type]
    page = context.new_page()
    picture(page, url)
    page.wait_for_timeout(300)
    page.screenshot(path=IMAGES / f"{picture.__name__.replace('_', '-')}.png", full_page=True)
    context.close()


def main(names: list[str]) -> None:
    """Take all pictures, or those that are named."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("There is no Chromium. Install it and try again.")
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as url,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=chromium, args=flags)
        for picture in PICTURES:
            if not names or picture.__name__ in names:
                take(browser, url, picture)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
