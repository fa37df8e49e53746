"""People with accounts (synthetic), and their browsers, inside the test's process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx
from sqlalchemy import delete
from starlette.testclient import TestClient

from catalog.database.account_tables import SignInFailureRow
from catalog.errors import CatalogError
from catalog.people import Person, Role
from tests.portal.bureau import Bureau
from tests.portal.inside import Inside
from tests.support.city import NAME

PASSWORD = "correct horse battery"
DEPARTMENT, PARTNER = "tax", "bank-a"


def person(
    name: str, role: Role, department: str | None = None, partner: str | None = None
) -> Person:
    """A person; an officer is of the tax bureau and an analyst of bank-a unless it is said."""
    if role == "officer":
        department = department or DEPARTMENT
    if role == "partner":
        partner = partner or PARTNER
    return Person(name, f"{name} (synthetic)", role, department, partner)


def account(
    bureau: Bureau, name: str, role: Role, department: str | None = None, partner: str | None = None
) -> Person:
    """An account with `PASSWORD`; one that is known stays as it is."""
    made = person(name, role, department, partner)
    with bureau.store() as store, suppress(CatalogError):
        store.accounts.add(NAME, made, PASSWORD)
    return made


def forgive(bureau: Bureau) -> None:
    """Forget every failed attempt to sign in: tests share their address."""
    with bureau.store() as store, store._write() as session:
        session.execute(delete(SignInFailureRow))


class Browser:
    """A browser at the portal: it keeps cookies, and sends the seal of the last form it saw.

    Attributes:
        http: the client beneath; redirects are not followed.
    """

    def __init__(self, portal: Inside, scheme: str = "http", prefix: str = "") -> None:
        self.http = TestClient(
            portal.http.app,
            base_url=f"{scheme}://testserver{prefix}",
            raise_server_exceptions=False,
            follow_redirects=False,
            root_path=prefix,
            headers={"Accept": "text/html", "Accept-Language": "en"},
        )

    def get(self, path: str, **options: Any) -> httpx.Response:
        """A page."""
        return self.http.get(path, **options)

    def cookie(self) -> str:
        """The secret of the session; empty if there is none."""
        return self.http.cookies.get("citybrain-session") or ""

    def seal(self, path: str = "/sign-in") -> str:
        """The seal of the first form on a page."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(path).text)
        assert found is not None, path
        return found[1]

    def post(self, path: str, form: Mapping[str, Any], seal: str | None = None) -> httpx.Response:
        """Send a form with its seal: that of the home page, where everybody has one who is signed in."""
        data = dict(form) | {"csrf": self.seal("/") if seal is None else seal}
        return self.http.post(path, data=data)

    def sign_in(self, name: str, password: str = PASSWORD, to: str = "") -> httpx.Response:
        """Sign in by the form."""
        form = {"name": name, "password": password, "next": to}
        return self.post("/sign-in", form, self.seal())
