"""Who may use which route: one table, and nothing is reached without a line in it.

A route's name is that of its function. `tests/portal/test_matrix.py` asks every route as every role.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from starlette.routing import BaseRoute

from catalog.people import ROLES, Person, Role
from portal.errors import PortalError

ANYONE: Literal["anyone"] = "anyone"
CLIENT: Literal["client"] = "client"  # a program with an OAuth token
Who = Literal["anyone", "client"] | frozenset[Role]

EVERYBODY: frozenset[Role] = frozenset(ROLES)  # who has signed in
STAFF: frozenset[Role] = frozenset({"engineer", "steward"})
READERS: frozenset[Role] = STAFF | {"auditor"}
ADMINISTRATORS: frozenset[Role] = frozenset({"administrator"})

PERMISSIONS: Mapping[str, Who] = {
    # The sandbox's service
    "openapi": ANYONE,
    "health": ANYONE,
    "token": ANYONE,
    "quote": CLIENT,
    "query": CLIENT,
    "query_state": CLIENT,
    "answer": CLIENT,
    "cancel": CLIENT,
    "balances": CLIENT,
    "views": CLIENT,
    "record": CLIENT,
    # Pages
    "static": ANYONE,
    "home": ANYONE,
    "sign_in": ANYONE,
    "sign_in_try": ANYONE,
    "oidc_begin": ANYONE,
    "oidc_return": ANYONE,
    "sign_out": EVERYBODY,
    "my_account": EVERYBODY,
    "my_password": EVERYBODY,
    "my_session_end": EVERYBODY,
    "runs": READERS,
    "run": READERS,
    "holds": READERS,
    "hold_decide": STAFF,
    "quarantine": READERS,
    "quarantine_rows": READERS,
    "quarantine_progress": READERS,
    "quarantine_replay": STAFF,
    "accounts": ADMINISTRATORS,
    "account_add": ADMINISTRATORS,
    "account_reset": ADMINISTRATORS,
    "account_close": ADMINISTRATORS,
}


def reachable(route: BaseRoute) -> bool:
    """Whether a route has a line, and looks at what the line says: else it is left out."""
    name, checks = getattr(route, "name", ""), getattr(route, "checks", None)
    who = PERMISSIONS.get(name)
    if isinstance(who, frozenset):
        return checks == "session"
    return who == ANYONE or (who == CLIENT and checks == "client")


def may(person: Person | None, route: str) -> bool:
    """Whether somebody may use a page; None: he has not signed in."""
    who = PERMISSIONS.get(route)
    if who == ANYONE:
        return True
    return isinstance(who, frozenset) and person is not None and person.role in who


def own_department(person: Person, department: str | None) -> bool:
    """Whether an officer acts for a department; nobody else acts for any."""
    return person.role == "officer" and department is not None and person.department == department


def own_partner(person: Person, partner: str | None) -> bool:
    """Whether an analyst asks for a partner; nobody else asks for any."""
    return person.role == "partner" and partner is not None and person.partner == partner


def require(allowed: bool) -> None:
    """Go on only if it is allowed.

    Raises:
        PortalError: `page_forbidden`.
    """
    if not allowed:
        raise PortalError("page_forbidden")
