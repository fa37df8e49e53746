"""Walking through the portal as a browser does: its pages, its forms, and what must be on no page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from starlette.routing import Match

from tests.portal.people import Browser

SAME_KIND = 10  # pages of one route and the same parameters that are looked at
ALIKE = {
    "catalogue": 2,
    "catalogue_listed": 2,
    "audit_record": 2,
    "run": 2,
}  # other numbers of them
ADDRESSES = frozenset({"href", "src", "action", "formaction", "hx-get", "hx-post"})
FORBIDDEN = frozenset(
    {"img", "iframe", "object", "embed", "base", "style", "svg", "math", "template"}
)


@dataclass(frozen=True, slots=True)
class Form:
    """A form as a page shows it.

    Attributes:
        route: the name of the route that takes it.
        fields: name and value of each, as a browser would send them if everything were chosen.
        files: the names of those that are files.
    """

    route: str
    method: str
    action: str
    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What is asked for, without the seal."""
        return tuple(dict.fromkeys(name for name, _ in self.fields if name != "csrf"))


@dataclass
class Seen:
    """What a walk has met.

    Attributes:
        pages: the status of each path.
        texts: the HTML of each path that is a page.
        routes: a path of each route that was met, by its name.
        forms: each once.
    """

    pages: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    routes: dict[str, str] = field(default_factory=dict)
    forms: dict[tuple[str, tuple[str, ...]], Form] = field(default_factory=dict)


class Parsed(HTMLParser):
    """A page's elements, links and forms.

    Attributes:
        elements: tags with their attributes.
        scripts: the content of scripts that are data.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.scripts: list[str] = []
        self._inside: tuple[str, str] = ("", "")  # the select's name, or "script" or "textarea"
        self._options, self._said = 0, False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.elements.append((tag, values))
        self.links += [
            values[one] for one in ("href", "hx-get") if values.get(one) and tag != "link"
        ]
        if tag == "form":
            method = values.get("method", "get").upper()
            self.forms.append(Form("", method, values.get("action", "")))
        elif self.forms and tag in ("input", "button", "select", "textarea", "option"):
            self._control(tag, values)
        if tag == "script":
            self._inside = ("script", values.get("type", ""))

    def _control(self, tag: str, values: dict[str, str]) -> None:
        name, form = values.get("name", ""), self.forms[-1]
        if "formaction" in values:
            more = replace(form, action=values["formaction"])
            self.forms = [*self.forms[:-1], more, form]
        if tag == "select":
            self._inside, self._options = ("select", name), 0
        elif tag == "option":
            self._options += 1
            if self._inside[0] == "select" and self._options <= 2:
                self._said = "value" not in values  # then its text is its value
                if not self._said:
                    self._takes(self._inside[1], values["value"], over=True)
        elif name and values.get("type") == "file":
            self.forms[-1] = replace(form, files=(*form.files, name))
        elif name:
            self._takes(name, values.get("value") or _some(values.get("type", "")),
                        over=values.get("type") == "radio")  # fmt: skip

    def _takes(self, name: str, value: str, over: bool) -> None:
        form = self.forms[-1]
        kept = tuple(one for one in form.fields if not (over and one[0] == name and not one[1]))
        if not (over and any(one == name for one, _ in kept)):
            kept = (*kept, (name, value))
        self.forms[-1] = replace(form, fields=kept)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "script"):
            self._inside = ("", "")

    def handle_data(self, data: str) -> None:
        if self._inside[0] == "script":
            self.scripts.append(data)
        elif self._inside[0] == "select" and self._said and data.strip():
            self._takes(self._inside[1], data.strip(), over=True)
            self._said = False


def _some(kind: str) -> str:
    return {"date": "2027-05-01", "datetime-local": "2026-05-01T00:00"}.get(kind, "text")


def walk(browser: Browser, *starts: str, alike: Mapping[str, int] = ALIKE) -> Seen:
    """Follow links from the home page and others, to every kind of page.

    Args:
        alike: how many pages of a route are looked at, where it is not `SAME_KIND`.
    """
    seen, kinds = Seen(), Counter[Any]()
    waiting = ["/", *starts]
    while waiting:
        path = waiting.pop(0).partition("#")[0]
        route = route_of(browser, "GET", path)
        kind = (route, tuple(sorted({name for name, _ in parse_qsl(urlsplit(path).query)})))
        if (
            path in seen.pages
            or not route
            or route == "static"
            or kinds[kind] >= alike.get(route, SAME_KIND)
        ):
            continue
        kinds[kind] += 1
        answer = browser.get(path)
        seen.pages[path] = answer.status_code
        seen.routes.setdefault(route, path)
        if "text/html" in answer.headers.get("content-type", ""):
            seen.texts[path] = answer.text
            waiting += _met(browser, seen, path, answer.text)
    return seen


def _met(browser: Browser, seen: Seen, path: str, page: str) -> list[str]:
    """Take a page's forms; its links within the portal."""
    parsed = Parsed(page)
    for form in parsed.forms:
        action = _local(urljoin(f"http://testserver{path}", form.action))
        route = route_of(browser, form.method, action)
        known = replace(form, route=route, action=action)
        seen.forms.setdefault((route, known.names), known)
        seen.routes.setdefault(route, action)
    links = [_local(urljoin(f"http://testserver{path}", one)) for one in parsed.links]
    return [one for one in links if one and "lang=" not in one]


def _local(address: str) -> str:
    parts = urlsplit(address)
    if parts.netloc != "testserver" or parts.scheme != "http":
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def route_of(browser: Browser, method: str, path: str) -> str:
    """The name of the route that serves a path; empty for none."""
    scope = {"type": "http", "method": method, "path": browser.http._merge_url(path).path,
             "root_path": "", "headers": []}  # fmt: skip
    for route in browser.http.app.routes:  # type: ignore[attr-defined]
        if route.matches(scope)[0] == Match.FULL:
            return str(getattr(route, "name", ""))
    return ""


def injected(page: str, mark: str) -> list[str]:
    """What stands on a page that no template wrote: elements, attributes, addresses and scripts.

    Args:
        mark: in every hostile text.
    """
    parsed, wrong = Parsed(page), []
    for tag, values in parsed.elements:
        said = f"<{tag} {' '.join(f'{name}={value!r}'[:80] for name, value in values.items())}>"
        names = [tag, *values]
        if tag in FORBIDDEN or any(mark in name or name.startswith("on") for name in names):
            wrong.append(said)
        if tag == "script" and not _own(values):
            wrong.append(said)
        if any(name in ADDRESSES and not _leads_here(value) for name, value in values.items()):
            wrong.append(said)
        wrong += [said for name in ("data-chart", "data-words") if not _is_json(values.get(name))]
    return wrong + [one[:200] for one in parsed.scripts if one.strip() and not _is_data(one)]


def _own(values: dict[str, str]) -> bool:
    return values.get("type") == "application/ld+json" or "/static/" in values.get("src", "")


def _leads_here(value: str) -> bool:
    scheme = urlsplit(value.strip()).scheme.lower()
    return scheme in ("", "https", "http", "mailto") and not value.startswith(("//", "\\"))


def _is_json(value: str | None) -> bool:
    try:
        return value is None or json.loads(value) is not None
    except ValueError:
        return False


def _is_data(content: str) -> bool:
    return "<" not in content and _is_json(content)
