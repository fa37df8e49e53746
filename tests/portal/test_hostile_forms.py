"""Every form, path and query of the pages, as people who may, with values that nobody means well.

What the forms are is read from the pages as each role sees them. A route that no page of the city of
`tests.portal.everything` leads to fails the first test: then that city lacks the state it belongs to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi.dependencies.utils import get_flat_dependant
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.pages import PAGES
from portal.permissions import PERMISSIONS
from portal.tasks import Task
from tests.portal.attacking import (
    IN_PATHS,
    NASTY,
    VALUES,
    Attack,
    Kept,
    encode,
    in_path,
    walked,
)
from tests.portal.bureau import SQL
from tests.portal.crawling import Form
from tests.portal.everything import EVIL, MARK, Everything

pytestmark = pytest.mark.slow
ROUTES = {route.name: route for router in PAGES for route in router.routes}  # type: ignore[attr-defined]
# There is no provider in this city: `test_pages_oidc.py`. Static files: `test_pages_sign_in.py`.
ELSEWHERE = {"oidc_begin", "oidc_return", "static"}
# No attacker has a password or a key; and nothing is corrected before the next run.
REFUSED = {"sign_in_try", "my_password", "agreement_upload", "objection_correct"}
SENSIBLE = {"sql": SQL, "department": "", "partner": "", "found_on": "2026-01-02",
            "what": "A file.", "resources": ""}  # fmt: skip
FORMED = "application/x-www-form-urlencoded"
PART = "multipart/form-data; boundary=b"


@dataclass
class Field:
    """What the attack goes over.

    Attributes:
        forms: who may send which.
        paths: who may open which path, by route.
    """

    attack: Attack
    kept: Kept
    forms: list[tuple[str, Form]]
    paths: dict[str, tuple[str, str]]

    def send(self, who: str, form: Form, pairs: list[tuple[str, str]], note: object = "") -> None:
        answer = self.attack.form(who, form, pairs, note)
        if form.method == "POST" and answer.status_code < 400:
            self.put_back(answer)

    def put_back(self, answer: httpx.Response) -> None:
        """As it was before, after the question that was asked has ended."""
        job = re.fullmatch(r"/console/jobs/([\w-]+)", answer.headers.get("location", ""))
        if job is not None:
            wait([self.attack.city.portal.service.jobs.of(job[1], "bank-a").future], 60)
        self.kept.back()


@pytest.fixture(scope="module")
def field(full_city: Everything, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    seen = walked(full_city)
    full_city.go.set()
    forms: dict[object, tuple[str, Form]] = {}
    paths: dict[str, tuple[str, str]] = {}
    for who, one in seen.items():
        for key, form in one.forms.items():
            known = form.route if form.method == "GET" else key  # a search has ever other fields
            fields = tuple((name, SENSIBLE.get(name, value)) for name, value in form.fields)
            forms.setdefault(known, (who, replace(form, fields=fields)))
        for route, path in one.routes.items():
            paths.setdefault(route, (who, path))
    kept = Kept(full_city, tmp_path_factory.mktemp("kept"))
    tasks = full_city.portal.http.app.state.site.tasks  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        # Thousands of forms are sent: one that asks for a password should not take a tenth of a second.
        accounts = full_city.portal.opened.store.accounts
        patch.setattr(
            accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        )
        # Judging again is long work in the background, and has tests of its own.
        patch.setattr(tasks, "start", lambda key, work: Task(key, 0.0, "done"))
        yield Field(Attack(full_city), kept, list(forms.values()), paths)


def test_every_page_and_form_is_met(field: Field) -> None:
    assert set(ROUTES) - ELSEWHERE - set(field.paths) == set()
    taking = {name for name, route in ROUTES.items() if "POST" in (route.methods or ())}
    assert taking - {form.route for _, form in field.forms} == set()
    assert {form.route for _, form in field.forms} <= set(PERMISSIONS)


def test_every_field_of_a_form_at_once(field: Field) -> None:
    for who, form in field.forms:
        for value in VALUES if form.names else ():
            field.send(who, form, [(name, value) for name in form.names], value)
    field.attack.found_nothing()


def test_one_field_after_the_other(field: Field) -> None:
    """The others as a page would send them: so it gets to what looks at this one."""
    for who, form in field.forms:
        for name in form.names:
            rest = [(one, value) for one, value in form.fields if one != name]
            sent = [(one, value) for one, value in form.fields if one == name]
            for value in NASTY:
                field.send(who, form, [*rest, (name, value)], (name, value))
            field.send(who, form, rest, f"{name} is missing")
            field.send(who, form, [*rest, *sent, *sent, (name, EVIL)], f"{name} is repeated")
    field.attack.found_nothing()


def bodies(form: Form) -> Iterator[tuple[str, bytes]]:
    """Kinds of content and bodies that are no form, or no sensible one."""
    fields = [(name, value) for name, value in form.fields if name != "csrf"]
    encoded = encode(fields).encode()
    yield "application/json", json.dumps(dict(fields) or {MARK: EVIL}).encode()
    yield "application/xml", b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>"
    yield "text/plain", encoded
    yield "", encoded
    yield FORMED + "; charset=utf-16", encoded
    yield FORMED, b"&&&=&;=%zz%&" + encoded[:50] + b"&\xff\xfe=\x00"
    yield FORMED, encode([(f"{MARK}{number}", "x") for number in range(1_500)]).encode()
    yield FORMED, b"text=" + b"x" * 1_000_000
    yield "multipart/form-data", b"no boundary"
    yield PART, b"--b\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--b--"
    yield PART, b"--b\r\nno end"
    yield (
        PART,
        b"".join(_part(name, EVIL.encode(), "../../x\x00.yaml") for name in _names(form))
        + b"--b--",
    )
    yield PART, b"".join(_part(name, b"\xff\x00\ud8") for name in _names(form)) + b"--b--"
    yield PART, b"".join(_part(f"{MARK}{number}", b"x") for number in range(1_100)) + b"--b--"


def _names(form: Form) -> tuple[str, ...]:
    return (*form.names, *form.files, MARK)


def _part(name: str, content: bytes, file: str = "") -> bytes:
    called = f'; filename="{file}"' if file else ""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{called}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def test_bodies_that_are_no_form(field: Field) -> None:
    for who, form in field.forms:
        if form.method == "POST":
            for kind, body in bodies(form):
                answer = field.attack.send(who, form.route, "POST", form.action, body, kind, kind)
                if answer.status_code < 400:
                    field.put_back(answer)
    field.attack.found_nothing()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_part_of_a_path(field: Field, method: str) -> None:
    for name, route in ROUTES.items():
        parts = re.findall(r"\{(\w+)(?::\w+)?\}", route.path)
        if name in ELSEWHERE or method not in (route.methods or ()):
            continue
        who, path = field.paths[name]
        known = _parts(route.path, path)
        for part in parts:
            for value in IN_PATHS:
                hostile = _path(route.path, known | {part: in_path(value)})
                answer = field.attack.send(who, name, method, hostile, note=(part, value))
                if method == "POST" and answer.status_code < 400:
                    field.put_back(answer)
    field.attack.found_nothing()


def _path(declared: str, parts: dict[str, str]) -> str:
    for name, value in parts.items():
        declared = re.sub(rf"\{{{name}(:\w+)?\}}", lambda _, value=value: value, declared)
    return declared


def _parts(declared: str, path: str) -> dict[str, str]:
    """The parts of a path, as they are declared."""
    pattern = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+)", declared)
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
    found = re.fullmatch(pattern, path.partition("?")[0])
    assert found is not None, (declared, path)
    return found.groupdict()


def test_every_query(field: Field) -> None:
    for name, route in ROUTES.items():
        if name in ELSEWHERE or "GET" not in (route.methods or ()):
            continue
        who, path = field.paths[name]
        bare = path.partition("?")[0]
        known = [one.alias for one in get_flat_dependant(route.dependant).query_params]
        for value in VALUES:
            asked = encode([(one, value) for one in (*known, "lang", MARK, EVIL)])
            field.attack.send(who, name, "GET", f"{bare}?{asked}", note=value)
        for one in known:
            for value in NASTY:
                asked = encode([(one, "x"), (one, value)])
                field.attack.send(who, name, "GET", f"{bare}?{asked}", note=(one, value))
    field.attack.found_nothing()


ANY = st.text(max_size=60) | st.integers().map(str) | st.floats().map(str) | st.sampled_from(VALUES)


def test_whatever_else_comes_to_mind(field: Field) -> None:
    """Hypothesis makes the values; the same ones every time."""
    attack = hypothesised(field)
    attack()
    field.attack.found_nothing()


def hypothesised(field: Field) -> Callable[[], None]:
    """Sends a form with some of its fields as they should be, the others as hypothesis likes."""

    @settings(
        derandomize=True,
        max_examples=150,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def attack(data: Any) -> None:
        who, form = data.draw(st.sampled_from(field.forms))
        pairs = [
            (name, value if data.draw(st.integers(0, 2)) else data.draw(ANY))
            for name, value in form.fields
            if name != "csrf" and data.draw(st.integers(0, 9))
        ]
        field.send(who, form, pairs, pairs)

    return attack


def test_the_attack_has_been_where_the_work_is_done(field: Field) -> None:
    """Else it would prove nothing: every form was taken at least once, and refused at least once."""
    statuses = field.attack.statuses
    for name, route in ROUTES.items():
        if "POST" in (route.methods or ()):
            found = {status for one, status in statuses if one == name}
            assert name in REFUSED or min(found) < 400, (name, found)
    assert sum(statuses.values()) > 2_000
    assert max(status for _, status in statuses) < 500
