"""No page of the portal has a serious accessibility fault: every route, role and language, in Chromium.

The pages are those that people meet who walk through the city of `tests.portal.everything`, and through
one in which nothing has happened yet. A page is looked at if no page of its route had one of its kinds
of elements before; and every route at least once in each language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium

from catalog.text import LANGUAGES, catalogue
from pipelines.settings import OidcSettings
from portal.edge import BODY_BYTES
from portal.pages import PAGES
from portal.tasks import Task
from tests.portal import attacking
from tests.portal.bureau import SQL, Bureau
from tests.portal.crawling import ALIKE, Form, Seen, route_of, walk
from tests.portal.everything import HELD, SHOP, Everything, person
from tests.portal.inside import inside
from tests.portal.looking import Window, kinds_of
from tests.portal.opencity import listening
from tests.portal.people import PASSWORD, Browser, forgive
from tests.support.city import NAME, City

# Files are no pages; and of what differs in its rows alone a few are enough.
FEW = ALIKE | {
    "open_download": 0,
    "open_catalogue_file": 0,
    "agreement_file": 0,
    "grant_export": 0,
    "grant_odrl": 0,
    "console_csv": 0,
    "console_json": 0,
    "audit_proof": 0,
    "catalogue": 1,
    "catalogue_samples": 3,
    "quarantine_rows": 2,
    "return_form": 1,
}
# Parts of a page, which `test_parts_that_come_later` brings; what leads elsewhere; and files.
NO_PAGES = {"quarantine_progress", "console_quote", "oidc_begin", "oidc_return", "static"} | {
    name for name, number in FEW.items() if not number
}
LONG = "x" * 3_000  # no field takes it


@pytest.fixture(scope="module")
def walked(full_city: Everything) -> dict[str, Seen]:
    """What everybody meets, by name."""
    return attacking.walked(full_city, FEW)


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    """The kinds of elements of each route that are looked at."""
    return {}


@pytest.fixture(scope="module")
def window(full_city: Everything, chromium: Chromium) -> Iterator[Window]:
    """A window at the full city."""
    with listening(full_city.portal.http.app) as url:  # type: ignore[arg-type]
        yield Window(chromium, url)


def chosen(
    browsers: dict[str, Browser], walked: dict[str, Seen], known: dict[str, set[str]]
) -> list[tuple[str, str, str]]:
    """Who looks at which path of which route: everybody at his home, and whatever else is new.

    Args:
        known: the kinds of elements of each route; those that are found are added.
    """
    found = []
    for who, seen in walked.items():
        for path, text in seen.texts.items():
            route = route_of(browsers[who], "GET", path)
            kinds = kinds_of(text) | ({who} if path == "/" else set())
            if not kinds <= known.get(route, set()):
                found.append((who, path, route))
            known.setdefault(route, set()).update(kinds)
    return found


def look_at_all(
    window: Window, browsers: dict[str, Browser], pages: list[tuple[str, str, str]]
) -> None:
    """Those of one route in one language after the other, a single one in both."""
    number, alone = Counter[str](), Counter(route for *_, route in pages)
    visits = []
    for who, path, route in pages:
        number[route] += 1
        langs = LANGUAGES if alone[route] == 1 else (LANGUAGES[number[route] % 2],)
        visits += [(lang, who, path, route) for lang in langs]
    for (lang, who), those in groupby(sorted(visits), lambda one: one[:2]):
        window.sit_down(browsers[who] if who else None, lang)
        for *_, path, route in those:
            assert window.goto(path, route) == 200, path


@pytest.fixture(scope="module")
def pages(
    full_city: Everything, walked: dict[str, Seen], known: dict[str, set[str]]
) -> list[tuple[str, str, str]]:
    return chosen(full_city.browsers | {"": Browser(full_city.portal)}, walked, known)


def test_every_page(
    full_city: Everything, pages: list[tuple[str, str, str]], window: Window
) -> None:
    reads = {r.name for one in PAGES for r in one.routes if "GET" in (r.methods or ())}  # type: ignore[attr-defined]
    assert reads - NO_PAGES == {route for *_, route in pages}
    look_at_all(window, full_city.browsers, pages)
    window.found_nothing()


@pytest.fixture
def empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Any, dict[str, Browser]]]:
    """A city in which nothing has happened but that people have got accounts."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    city = City(tmp_path / "city")
    city.settings()
    city.departments("tax", "trade", "health")
    bureau = Bureau(city, tmp_path / "home")
    names = ("engineer", "steward", "auditor", "administrator", "asker", "wang")
    with bureau.store() as store:
        for name in names:
            store.accounts.add(NAME, person(name), PASSWORD)
    with inside(bureau, tmp_path / "keys") as portal:
        browsers = {name: Browser(portal) for name in names}
        for name, browser in browsers.items():
            assert browser.sign_in(name).status_code == 303
        yield portal.http.app, browsers | {"": Browser(portal)}


def test_every_page_with_nothing_on_it(
    empty: tuple[Any, dict[str, Browser]],
    chromium: Chromium,
    window: Window,
    known: dict[str, set[str]],
) -> None:
    app, browsers = empty
    walked = {name: walk(one) for name, one in browsers.items()}
    with listening(app) as url:
        window = Window(chromium, url, known=window.known)
        look_at_all(window, browsers, chosen(browsers, walked, known))
        window.found_nothing()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_pages_that_refuse(
    full_city: Everything, window: Window, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    browsers = full_city.browsers
    window.sit_down(None, lang)
    assert window.goto("/nowhere") == 404
    assert window.goto("/sign-in?next=/me") == 200
    assert window.send("/sign-in", [("name", "auditor"), ("password", "wrong")]) == 422
    window.sit_down(browsers["engineer"], lang)
    assert window.goto("/nowhere") == 404
    assert window.goto("/accounts") == 403
    assert window.goto("/sign-out") == 405
    assert window.send(f"/holds/{HELD}", [], sealed=False) == 403
    broken = full_city.portal.opened.store.histories
    monkeypatch.setattr(broken, "runs", lambda *_, **__: 1 / 0)
    assert window.goto("/runs") == 500
    window.found_nothing()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_signing_in_with_a_provider_and_what_is_too_much(
    full_city: Everything, window: Window, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = full_city.portal.http.app.state.site  # type: ignore[attr-defined]
    oidc = OidcSettings(issuer="https://issuer", client_id="x", address="https://city")
    changed = {"oidc": oidc, "account_failures": 1}
    monkeypatch.setattr(site, "settings", site.settings.model_copy(update=changed))
    window.sit_down(None, lang)
    assert window.goto("/sign-in", "sign_in_provider") == 200
    window.page.get_by_role("link", name=catalogue(lang)["ui"]["sign_in_provider"]).wait_for()
    typed = [("name", "nobody-known"), ("password", "wrong")]
    try:
        assert [window.send("/sign-in", typed) for _ in range(2)] == [422, 429]
    finally:
        forgive(full_city.bureau)
    assert window.send("/sign-in", [("name", "x" * (BODY_BYTES + 1))]) == 413
    window.found_nothing()


def test_forms_that_are_refused(
    full_city: Everything, walked: dict[str, Seen], window: Window
) -> None:
    """Every form that has a field, with what no field takes; in one language after the other."""
    forms: dict[object, tuple[str, str, Form]] = {}
    for who, seen in walked.items():
        for key, form in seen.forms.items():
            if form.method == "POST" and form.names:
                forms.setdefault(key, (LANGUAGES[len(forms) % 2], who, form))
    refused = Counter[int]()
    order = sorted(forms.values(), key=lambda one: one[:2])
    for (lang, who), those in groupby(order, lambda one: one[:2]):
        window.sit_down(full_city.browsers.get(who), lang)
        window.page.goto(window.url + ("/me" if who else "/sign-in"))
        for *_, form in those:
            refused[window.send(form.action, [(name, LONG) for name in form.names])] += 1
    assert refused[422] > 10 and max(refused) < 500, refused
    window.found_nothing()


def test_parts_that_come_later(
    full_city: Everything, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What htmx puts into a page, or what a button opens: prices, refusals, progress."""
    page = window.page
    tasks = full_city.portal.http.app.state.site.tasks  # type: ignore[attr-defined]
    task = Task((), 0.0, "running")
    monkeypatch.setattr(tasks, "start", lambda key, work: task)
    monkeypatch.setattr(tasks, "of", lambda key: task)
    for lang in LANGUAGES:
        window.sit_down(full_city.browsers["wang"], lang)
        page.goto(f"{window.url}/console/agreements/agreement-a")
        page.locator("#console-sql").fill(SQL)
        page.locator("#console-price").click()
        page.locator("#console-result table").wait_for()
        window.look("price", fresh=False)
        page.locator("#console-sql").fill("SELECT nothing")
        page.locator("#console-price").click()
        page.locator("#console-refusal").wait_for()
        window.look("refusal", fresh=False)
        window.sit_down(full_city.browsers["engineer"], lang)
        page.goto(f"{window.url}/quarantine/{SHOP}")
        page.locator("form[action$=replay] button").click()
        page.locator("#replay progress").wait_for()
        window.look("replay", fresh=False)
        window.sit_down(full_city.browsers["auditor"], lang)
        page.goto(f"{window.url}/audit/verification")
        page.locator("form[action$=verification] button").click()
        page.locator("#verification .badge").wait_for()
        window.look("verification", fresh=False)
    window.found_nothing()


# On paper: what is there, what is not, and what is cut off at its right. What was folded is laid out
# with the next picture.
ON_PAPER = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const shown = (one) => one.checkVisibility({ contentVisibilityAuto: true }) && one.getClientRects().length > 0;
  const all = (what) => [...document.querySelectorAll(what)];
  return {
    tables: all("main table").length,
    hidden: all("main table").filter((one) => !shown(one)).length,
    cut: all("main .scroll").filter((one) => getComputedStyle(one).overflowX !== "visible").length,
    left: all("nav a, .skip, .who, form button, .button").filter(shown).map((one) => one.outerHTML.slice(0, 80)),
    buttons: all("main form button").length,
  };
}"""


def test_pages_on_paper(full_city: Everything, window: Window) -> None:
    """No navigation and no buttons, but every table, also those that are folded on the screen."""
    for who, path in (
        ("owner", f"/requests/{full_city.ids['dispatched']}"),
        ("asker", f"/catalogue/resource/{SHOP}"),
        ("engineer", f"/quarantine/{SHOP}"),
    ):
        window.sit_down(full_city.browsers[who], "en")
        window.page.goto(window.url + path)
        window.page.emulate_media(media="print")
        found = window.page.evaluate(ON_PAPER)
        assert found["tables"] > 0 and found["buttons"] > 0, path
        assert (found["hidden"], found["cut"], found["left"]) == (0, 0, []), (path, found)
        window.page.emulate_media(media="screen")
