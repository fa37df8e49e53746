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
ANALYSTS: frozenset[Role] = frozenset({"partner"})
WATCHERS: frozenset[Role] = frozenset({"officer", "steward", "auditor"})  # of openings to partners
OFFICERS: frozenset[Role] = frozenset({"officer"})
SHARERS: frozenset[Role] = frozenset({"officer", "steward"})
STEWARDS: frozenset[Role] = frozenset({"steward"})
SHARING_READERS: frozenset[Role] = SHARERS | {"auditor"}
ADMINISTRATORS: frozenset[Role] = frozenset({"administrator"})
AUDITORS: frozenset[Role] = frozenset({"auditor"})
REGISTRARS: frozenset[Role] = AUDITORS | ADMINISTRATORS  # of incidents

SIDES: frozenset[Role] = READERS | {"officer", "partner"}  # of documents; each sees his own

PERMISSIONS: Mapping[str, Who] = {
    # Letters, agreements, consents
    "agreements": SIDES,
    "agreement": SIDES,
    "agreement_file": SIDES,
    "agreement_upload": frozenset({"steward", "officer", "partner"}),
    "agreement_end": frozenset({"steward"}),
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
    # The exchange
    "exchange_grants": CLIENT,
    "exchange_page": CLIENT,
    "exchange_changes": CLIENT,
    "exchange_export": CLIENT,
    "exchange_subscribe": CLIENT,
    "exchange_subscriptions": CLIENT,
    "exchange_unsubscribe": CLIENT,
    # Open data
    "open_catalogue": ANYONE,
    "open_catalogue_file": ANYONE,
    "open_catalogue_head": ANYONE,
    "open_metadata": ANYONE,
    "open_download": ANYONE,
    "open_download_head": ANYONE,
    "ckan_get": ANYONE,
    "ckan_post": ANYONE,
    "ckan_short": ANYONE,
    "ckan_short_post": ANYONE,
    "open_list": ANYONE,
    "open_dataset": ANYONE,
    # Pages
    "static": ANYONE,
    "home": ANYONE,
    # The catalogue: each page shows a visitor what he may know of
    "catalogue": ANYONE,
    "catalogue_resource": ANYONE,
    "catalogue_samples": ANYONE,
    "catalogue_listed": ANYONE,
    "sign_in": ANYONE,
    "sign_in_try": ANYONE,
    "oidc_begin": ANYONE,
    "oidc_return": ANYONE,
    "sign_out": EVERYBODY,
    # The sandbox console
    "console": ANALYSTS,
    "console_editor": ANALYSTS,
    "console_quote": ANALYSTS,
    "console_ask": ANALYSTS,
    "console_job": ANALYSTS,
    "console_cancel": ANALYSTS,
    "console_answer": ANALYSTS,
    "console_csv": ANALYSTS,
    "console_json": ANALYSTS,
    "console_history": ANALYSTS,
    "openings": WATCHERS,
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
    "audit_log": frozenset({"auditor", "administrator"}),  # the latter sees sign-ins alone
    "audit_record": frozenset({"auditor", "administrator"}),
    "audit_proof": frozenset({"auditor", "administrator"}),
    "audit_verification": AUDITORS,
    "audit_verify": AUDITORS,
    "audit_export": AUDITORS,
    "incidents": REGISTRARS,
    "incident_add": REGISTRARS,
    "incident_close": REGISTRARS,
    "incidents_confirm": AUDITORS,
    # Sharing: whose request, task, grant or objection it is, the desk looks
    "basket": OFFICERS,
    "basket_add": OFFICERS,
    "basket_empty": OFFICERS,
    "notices": EVERYBODY,  # each sees what his department is told, others that it is nothing
    "notices_read": EVERYBODY,
    "my_requests": SHARING_READERS,
    "inbox": SHARERS,
    "request_submit": OFFICERS,
    "request_page": SHARING_READERS,
    "request_withdraw": OFFICERS,
    "request_resubmit": OFFICERS,
    "request_check": STEWARDS,
    "request_give_back": STEWARDS,
    "request_dispatch": STEWARDS,
    "task_decide": SHARERS,
    "task_ask": SHARERS,
    "task_give_back": SHARERS,
    "task_correct": OFFICERS,
    "task_dispute": OFFICERS,
    "task_rule": STEWARDS,
    "task_redispatch": STEWARDS,
    "task_refuse": STEWARDS,
    "grants": SHARING_READERS,
    "grant_page": SHARING_READERS,
    "return_form": STEWARDS,
    "return_give": STEWARDS,
    "grant_odrl": SHARING_READERS,
    "grant_export": OFFICERS,
    "grant_revoke": SHARERS,
    "objections": SHARING_READERS,
    "objection_form": SHARERS,
    "objection_raise": SHARERS,
    "objection_page": SHARING_READERS,
    "objection_answer": SHARERS,
    "objection_correct": SHARERS,
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
