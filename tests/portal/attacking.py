"""Hostile requests to a city of `tests.portal.everything`, and what none of them may bring about."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from sqlalchemy import text

from catalog.audit.record import DONE, AuditRecord
from portal.pages.page import HEADERS
from tests.portal.crawling import ALIKE, Form, Seen, injected, walk
from tests.portal.everything import EVIL, MARK, Everything
from tests.portal.people import Browser
from tests.support.city import NAME
from tests.support.databases import copy_database
from tests.support.on_postgres.sitecustomize import SERVER, dump, put_back

LINES = f"x\r\nX-Split: {MARK}\r\n\r\n<script>{MARK}()</script>"
VALUES = (
    "",
    "a\x00b",
    "\ud800",
    LINES,
    "\u202eevil\u202d\u200b",
    "../../../../etc/passwd",
    "%00%c0%ae",
    EVIL,
    f"javascript:{MARK}()",
    "' OR '1'='1'; DROP TABLE accounts; --",
    "9" * 400,
    "-1",
    "NaN",
    "1e999",
    "2026-02-30",
    "99999-12-31T25:61",
    "x" * 2_001,
)
IN_PATHS = (
    "a\x00b",
    "\ud800",
    LINES,
    "../../../../etc/passwd",
    "%00",
    EVIL,
    "9" * 400,
    "-1",
    ".",
    "/" * 9,
)
NASTY = ("a\x00b", "\ud800", LINES, EVIL, "9" * 400, "x" * 2_001)
LONGEST = 8_000  # characters of an address; a client sends no longer ones
# Where refusals are written down, and what the service does by the minute besides; the log's records are
# looked at one by one.
MOVING = frozenset(
    {"audit_record", "audit_log", "audit_node", "audit_checkpoint", "sign_in_failure", "opening",
     "service_beat", "usage_counted", "usage_day"}
)  # fmt: skip
Pairs = Sequence[tuple[str, str]]


@dataclass
class Attack:
    """Sends requests as somebody; keeps what was wrong with the answers.

    Attributes:
        wrong: what was sent where, and what is wrong with the answer.
        statuses: how often a route answered how.
    """

    city: Everything
    wrong: list[tuple[Any, ...]] = field(default_factory=list)
    statuses: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._engine = self.city.portal.opened.store._engine
        with self._engine.connect() as con:
            names = con.dialect.get_table_names(con)
        self._tables = sorted(set(names) - MOVING)

    @cached_property
    def _keys(self) -> dict[str, tuple[str, str]]:
        """The cookies and the seal of everybody; "" is a visitor."""
        found = {name: _keys(one) for name, one in self.city.browsers.items()}
        return {**found, "": _keys(Browser(self.city.portal))}

    def form(self, who: str, form: Form, pairs: Pairs, note: object = "") -> httpx.Response:
        """Send a form's fields by its method."""
        if form.method == "GET":
            encoded = encode([(n, v[: LONGEST // (len(pairs) + 1)]) for n, v in pairs])
            path = form.action.partition("?")[0]
            return self.send(who, form.route, "GET", f"{path}?{encoded}", note=note)
        kind = "application/x-www-form-urlencoded"
        body = encode(pairs).encode()
        return self.send(who, form.route, "POST", form.action, body, kind, note)

    def found_nothing(self) -> None:
        """Fail if anything was wrong since this was asked last."""
        found = {(one[1], one[-2], one[-1][0][:60]): one for one in self.wrong}
        self.wrong.clear()
        assert not found, "\n".join(map(repr, found.values()))

    def send(
        self,
        who: str,
        route: str,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "",
        note: object = "",
    ) -> httpx.Response:
        """Send a request with a valid session and seal, and look at the answer."""
        cookies, seal = self._keys[who]
        headers = {"Cookie": cookies, "X-CSRF-Token": seal, "Accept": "text/html"}
        if kind:
            headers["Content-Type"] = kind
        before = self.state() if method == "POST" else ()
        http = self.city.portal.http
        http.cookies.clear()
        answer = http.request(method, path, content=body, headers=headers, follow_redirects=False)
        key = (route, answer.status_code)
        self.statuses[key] = self.statuses.get(key, 0) + 1
        faults = list(_faults(answer))
        if method == "POST" and answer.status_code >= 400:
            faults += self.changed(before)
        if faults:
            self.wrong.append(
                (who, route, method, path[:200], repr(note)[:200], answer.status_code, faults[:3])
            )
        return answer

    def state(self) -> tuple[Any, ...]:
        counts = [f"SELECT '{one}', COUNT(*) FROM {one}" for one in self._tables]
        counts.append("SELECT '', MAX(sequence) FROM audit_record")
        with self._engine.connect() as con:
            found = dict(con.execute(text(" UNION ALL ".join(counts))).tuples().all())
        head = found.pop("")
        return found, head

    def changed(self, before: tuple[Any, ...]) -> Iterator[str]:
        """What a request that was refused has done all the same."""
        counts, head = self.state()
        for name, number in counts.items():
            if number != before[0][name]:
                yield f"{name} has {number - before[0][name]} rows more"
        log = self.city.portal.opened.store.audit
        for sequence in range(before[1] + 1, head + 1):
            one = log.one(NAME, sequence)
            if one is not None and one.record.outcome == DONE and not _looked(one.record):
                yield f"the log says that it was done: {one.record.action} {one.record.subject}"


def _looked(record: AuditRecord) -> bool:
    """Whether somebody has only looked at something."""
    if record.action == "exchange":
        return record.detail.get("kind") == "look"
    return record.action in ("audit", "quarantine") and "change" not in record.detail


def _keys(browser: Browser) -> tuple[str, str]:
    """The cookies and the seal with which somebody's requests are taken."""
    seal = browser.seal("/" if browser.cookie() else "/sign-in")
    jar = browser.http.cookies
    return "; ".join(f"{name}={value}" for name, value in jar.items() if "told" not in name), seal


def _faults(answer: httpx.Response) -> Iterator[str]:
    """What is wrong with an answer, whatever was asked."""
    if answer.status_code >= 500:
        yield f"status {answer.status_code}: {answer.text[-400:]}"
    if "Traceback (most recent" in answer.text:
        yield "a traceback"
    for name, value in HEADERS.items():
        if answer.headers.get(name) != value:
            yield f"no {name}"
    if answer.headers.get("x-content-type-options") != "nosniff":
        yield "no nosniff"
    if answer.headers.get("cache-control") != "no-store":
        yield "it may be kept"
    if "x-split" in answer.headers or any("\n" in v or "\r" in v for v in answer.headers.values()):
        yield "a split header"
    location = answer.headers.get("location", "/")
    if not location.startswith("/") or location.startswith(("//", "/\\")):
        yield f"it leads to {location}"
    if "text/html" in answer.headers.get("content-type", ""):
        yield from injected(answer.text, MARK)


def encode(pairs: Pairs) -> str:
    """As a browser would, and as none would: lone surrogates too."""
    return urlencode(list(pairs), errors="surrogatepass")


def in_path(value: str) -> str:
    """A value as one part of a path."""
    return quote(value, safe="", errors="surrogatepass")


def walked(city: Everything, alike: Mapping[str, int] = ALIKE) -> dict[str, Seen]:
    """What everybody meets, by name; whoever has not signed in is ''."""
    found = {
        name: walk(one, *city.starts(name), alike=alike) for name, one in city.browsers.items()
    }
    return found | {"": walk(Browser(city.portal), alike=alike)}


class Kept:
    """The database as it was, to be put back after what was taken."""

    def __init__(self, city: Everything, folder: Path) -> None:
        url = city.portal.opened.store._engine.url
        self._live = url.database or ""
        self._server = os.environ[SERVER] if url.get_backend_name() == "postgresql" else None
        if self._server is not None:
            self._rows = dump(self._server, self._live)
        else:
            self._copy = folder / "kept.db"
            copy_database(Path(self._live), self._copy)

    def back(self) -> None:
        """Put it back."""
        if self._server is not None:
            put_back(self._server, self._live, self._rows)
            return
        with (
            closing(sqlite3.connect(self._copy)) as there,
            closing(sqlite3.connect(self._live)) as here,
        ):
            there.backup(here)
