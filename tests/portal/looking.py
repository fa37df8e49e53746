"""Looking at the pages in a browser as those do who need them to be accessible.

What axe finds, and what it does not look at: the language, the heading, the title, the width of a
telephone, where the keyboard goes first, and what the page says on the console.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Response, ViewportSize

from tests.portal.browser import PATIENCE, axe_faults
from tests.portal.people import Browser

SIZES: dict[str, ViewportSize] = {
    "en": {"width": 360, "height": 740},
    "zh": {"width": 1280, "height": 900},
}
WORDS = {"en": "en", "zh": "zh-CN"}  # what <html> says
VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})
SPOKEN = ("alt", "for", "id", "lang", "role", "scope", "tabindex", "title")
OPEN = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
# A form is sent as it would be from a page, whatever the browser thinks of its fields.
SEND = """([action, pairs]) => {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action });
  for (const [name, value] of pairs) {
    const field = document.createElement("textarea");
    Object.assign(field, { name, value });
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""
SEAL = "document.querySelector('[name=csrf]')?.value ?? ''"
SAID = "[document.documentElement.lang, document.title, document.querySelectorAll('h1').length]"
# What stands out to the right, and is in nothing that scrolls.
OUT = """() => {
  const wide = document.documentElement.scrollWidth;
  if (wide <= innerWidth) return [];
  const held = (one) => one.closest(".scroll, pre, .visually-hidden");
  const out = [...document.querySelectorAll("main *, header *, footer *")].filter(
    (one) => !held(one) && Math.max(one.getBoundingClientRect().right, one.scrollWidth) > innerWidth);
  return [`${wide} px`, ...out.slice(-3).map((one) => one.outerHTML.slice(0, 150))];
}"""
# Whether what has the keyboard's focus can be seen, and that it has.
FOCUS = """() => {
  const one = document.activeElement, at = one.getBoundingClientRect(), how = getComputedStyle(one);
  const seen = at.left >= 0 && at.top >= 0 && at.right <= innerWidth && at.width > 0;
  const marked = how.outlineStyle !== "none" && parseFloat(how.outlineWidth) >= 2;
  return one.matches("a.skip[href='#main']") && seen && marked ? "" : one.outerHTML.slice(0, 150);
}"""


class _Kinds(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._open: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        spoken = sorted(one for one in values if one in SPOKEN or one.startswith("aria-"))
        kind = f"{tag}.{values.get('class')}.{values.get('type')}{spoken}"
        self.found.add(" ".join([*(one for _, one in self._open), kind]))
        if tag not in VOID:
            self._open.append((tag, kind))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass


def kinds_of(page: str) -> set[str]:
    """What kinds of elements are on a page, each with those it stands in: no texts, no numbers."""
    return _Kinds(page).found


@dataclass
class Window:
    """One window of a browser, in which one after the other looks at pages.

    Attributes:
        wrong: who saw what in which language, and what is wrong with it.
        titles: the routes that a title in a language belongs to.
        known: the kinds of elements that axe has looked at, by route and language.
    """

    chromium: Chromium
    url: str
    wrong: list[tuple[Any, ...]] = field(default_factory=list)
    titles: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    known: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.context = self.chromium.new_context(locale="en-GB")
        self.page = self.context.new_page()
        self.page.set_default_timeout(6 * PATIENCE)  # many pages, on a machine that may be busy
        self._said: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._said.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        # That a page or a form is refused is no fault; that something on a page is not there is one.
        status = "the server responded with a status of" in message.text
        refused = message.location["url"] == self.page.url or "status of 422" in message.text
        if message.type == "error" and not (status and refused):
            self._said.append(message.text)

    def sit_down(self, browser: Browser | None, lang: str) -> None:
        """From here on somebody looks, by the session of his browser; None: who has not signed in.

        English, whose words are the longest, is read on a telephone, Chinese at a desk.
        """
        self.context.clear_cookies()
        found = {"citybrain-lang": lang}
        if browser is not None:
            found["citybrain-session"] = browser.cookie()
        self.lang = lang
        self.context.add_cookies(
            [{"name": name, "value": value, "url": self.url} for name, value in found.items()]
        )
        if self.page.viewport_size != SIZES[lang]:
            self.page.set_viewport_size(SIZES[lang])

    def goto(self, path: str, route: str = "") -> int:
        """Open a page and look at it; the status of the answer.

        Args:
            route: whose title it has; empty: it is refused, and its title says why.
        """
        answer = self.page.goto(self.url + path)
        self.look(path, route)
        return _status(answer)

    def send(self, action: str, pairs: Sequence[tuple[str, str]], sealed: bool = True) -> int:
        """Send a form from the page that is open, look at what comes; the status of the answer."""
        seal = [("csrf", self.page.evaluate(SEAL))] if sealed else []
        with self.page.expect_navigation() as coming:
            self.page.evaluate(SEND, [self.url + action, [*seal, *pairs]])
        self.look(f"POST {action}")
        return _status(coming.value)

    def look(self, path: str, route: str = "", fresh: bool = True) -> None:
        """Look at the page that is open; with axe, if it has a kind of element that no other had.

        Args:
            fresh: the keyboard has not been anywhere yet.
        """
        self.page.evaluate(OPEN)
        found = [*self._seen(route), *(self._focus() if fresh else ())]
        known = self.known.setdefault((route, self.lang), set())
        kinds = kinds_of(self.page.content())
        if not kinds <= known:
            known |= kinds
            found += axe_faults(self.page)
        found += [("console", one) for one in self._said]
        self._said.clear()
        self.wrong += [(path, self.lang, *one) for one in found]

    def _seen(self, route: str) -> Iterator[tuple[Any, ...]]:
        lang, title, headings = self.page.evaluate(SAID)
        if lang != WORDS[self.lang]:
            yield "html-lang", lang
        if headings != 1:
            yield "one-h1", headings
        if not title.partition(" · ")[0].strip():
            yield "title", title
        if route:
            self.titles.setdefault((self.lang, title), set()).add(route)
        out = self.page.evaluate(OUT)
        if out:
            yield "horizontal-scroll", out

    def _focus(self) -> Iterator[tuple[Any, ...]]:
        self.page.keyboard.press("Tab")
        focus = self.page.evaluate(FOCUS)
        if focus:
            yield "skip-link", focus

    def found_nothing(self) -> None:
        """Fail if anything was wrong since this was asked last; each fault once for all its pages."""
        shared = [
            (lang, title, routes)
            for (lang, title), routes in self.titles.items()
            if len(routes) > 1
        ]
        by_fault: dict[str, list[tuple[Any, ...]]] = {}
        for path, lang, *fault in self.wrong:
            by_fault.setdefault(repr(fault), []).append((path, lang))
        self.wrong, self.titles = [], {}
        lines = [f"{fault}\n    {len(at)}: {at[:4]}" for fault, at in by_fault.items()]
        assert not lines and not shared, "\n".join([*lines, *map(repr, shared)])


def _status(answer: Response | None) -> int:
    assert answer is not None
    return answer.status
