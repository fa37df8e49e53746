"""Every route as every role: the table of permissions is complete, and what it says holds.

Routes that others add are asked here too, as soon as they have their line. Parts of a path are filled
with names that nobody has: whoever may come in finds nothing there, whoever may not is told that first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from catalog.people import ROLES, Role
from portal.app import ROUTERS
from portal.pages import PAGES
from portal.permissions import ANYONE, CLIENT, PERMISSIONS, reachable
from tests.portal.bureau import Bureau
from tests.portal.inside import Inside
from tests.portal.people import Browser, account, forgive

DECLARED = [route for router in (*ROUTERS, *PAGES) for route in router.routes]
OF_ROLES = sorted(name for name, who in PERMISSIONS.items() if isinstance(who, frozenset))
OF_ANYONE = sorted(name for name, who in PERMISSIONS.items() if who == ANYONE)
OF_CLIENTS = sorted(name for name, who in PERMISSIONS.items() if who == CLIENT)
REFUSED = 403
NOBODYS = "987654321"  # a name and a number that nothing has: not a visitor's own session either


def test_every_route_has_a_line_and_every_line_a_route() -> None:
    names = [getattr(route, "name", "") for route in DECLARED]
    assert len(names) == len(set(names)), "two routes of one name"
    assert set(names) | {"openapi"} == set(PERMISSIONS)


def test_every_route_looks_at_what_its_line_says() -> None:
    assert [getattr(route, "name", route) for route in DECLARED if not reachable(route)] == []


def test_a_route_without_a_line_is_not_reached(portal: Inside) -> None:
    app = FastAPI()

    @app.get("/hidden")
    def hidden() -> None: ...

    assert [route for route in app.routes if getattr(route, "name", "") == "hidden"]
    assert [route for route in app.routes if reachable(route)] == [
        route for route in app.routes if getattr(route, "name", "") == "openapi"
    ]
    served = {getattr(route, "name", "") for route in portal.http.app.routes}  # type: ignore[attr-defined]
    assert served == set(PERMISSIONS)


def routes(app: Any, names: list[str]) -> Iterator[tuple[str, str, str]]:
    """Name, method and a path of some routes."""
    for route in app.routes:
        if isinstance(route, Route) and route.name in names:
            path = re.sub(r"\{(\w+)(:\w+)?\}", NOBODYS, route.path)
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield route.name, method, path


@pytest.mark.parametrize("role", [*ROLES, None])
def test_pages_of_roles(portal: Inside, bureau: Bureau, role: Role | None) -> None:
    """Who may is not refused, who may not is, who has not signed in is led to where he can."""
    forgive(bureau)
    browser = Browser(portal)
    if role is not None:
        account(bureau, f"matrix-{role}", role)
    wrong = []
    for name, method, path in routes(portal.http.app, OF_ROLES):
        if role is not None and not browser.cookie():
            browser.sign_in(f"matrix-{role}")
        form = {"csrf": browser.seal("/")} if role is not None else {}
        answer = browser.http.request(method, path, data=form if method != "GET" else None)
        if role is None:
            right = answer.status_code == 303 and "/sign-in" in answer.headers["location"]
        elif role in PERMISSIONS[name]:
            right = answer.status_code != REFUSED or "page_forbidden" not in answer.text
        else:
            right = answer.status_code == REFUSED and "page_forbidden" in answer.text
        if not right:
            wrong.append((name, method, path, answer.status_code))
        if name in ("sign_out", "my_session_end") or name.startswith("sessions_"):
            browser.http.cookies.clear()
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_no_form_is_taken_without_its_seal(portal: Inside, bureau: Bureau, role: Role) -> None:
    account(bureau, f"matrix-{role}", role)
    browser = Browser(portal)
    browser.sign_in(f"matrix-{role}")
    asked = 0
    for name, method, path in routes(portal.http.app, OF_ROLES):
        if method == "GET" or role not in PERMISSIONS[name]:
            continue
        for form in ({}, {"csrf": "0" * 64}):
            answer = browser.http.request(method, path, data=form)
            assert (answer.status_code, "form_stale" in answer.text) == (REFUSED, True), name
            asked += 1
    assert asked and browser.get("/").text.count("csrf")


def test_routes_of_programs_ask_for_a_token(portal: Inside) -> None:
    asked = list(routes(portal.http.app, OF_CLIENTS))
    assert {name for name, _, _ in asked} == set(OF_CLIENTS)
    for name, method, path in asked:
        for headers in ({}, {"Authorization": "Bearer nobody"}, {"Cookie": "citybrain-session=x"}):
            answer = portal.http.request(method, path, headers=headers)
            assert answer.status_code == 401, (name, headers)


def test_lines_for_anyone_are_few_enough_to_be_read() -> None:
    """Whoever opens a route to the world says so here as well."""
    assert {name for name, who in PERMISSIONS.items() if who == ANYONE} == {
        "openapi",
        "health",
        "token",
        "open_catalogue",
        "open_catalogue_file",
        "open_catalogue_head",
        "open_metadata",
        "open_download",
        "open_download_head",
        "ckan_get",
        "ckan_post",
        "ckan_short",
        "ckan_short_post",
        "open_list",
        "open_dataset",
        "static",
        "home",
        "catalogue",
        "catalogue_resource",
        "catalogue_samples",
        "catalogue_listed",
        "sign_in",
        "sign_in_try",
        "oidc_begin",
        "oidc_return",
    }


@pytest.mark.parametrize("role", [*ROLES, None])
def test_pages_for_anyone_fail_for_nobody(
    portal: Inside, bureau: Bureau, role: Role | None
) -> None:
    """With names that nobody has they find nothing; a fault of the service they are never."""
    browser = Browser(portal)
    if role is not None:
        account(bureau, f"matrix-{role}", role)
        browser.sign_in(f"matrix-{role}")
    for name, method, path in routes(portal.http.app, OF_ANYONE):
        if method == "GET":
            assert browser.get(path).status_code < 500, name
