"""Programs of departments and notices of the exchange, for the commands about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.database.clients import ApiClient
from catalog.database.store import utc_now
from catalog.database.subscriptions import Notice, State
from pipelines.home import Home
from pipelines.present import make_table
from pipelines.workspace import Workspace
from portal.clients import moment_shown
from portal.errors import PortalError

if TYPE_CHECKING:
    from rich.table import Table

SYSTEM = "system"  # as the audit log names who has the machine


def add_department_client(
    workspace: Workspace, department: str, user: str
) -> tuple[ApiClient, str]:
    """A new program of a department and its secret.

    Raises:
        PortalError: `department_unknown`.
    """
    if department not in workspace.departments:
        raise PortalError("department_unknown", department=department)
    with _store(workspace) as store:
        made, secret = store.clients.add_for_department(workspace.name, department, user)
        _note(store, workspace, "client_added", made)
    return made, secret


def list_department_clients(workspace: Workspace) -> list[ApiClient]:
    """Every program of a department, revoked ones too."""
    with _store(workspace) as store:
        return [one for one in store.clients.list(workspace.name) if one.department is not None]


def revoke_department_client(workspace: Workspace, client_id: str) -> ApiClient:
    """Let a program sign in no more.

    Raises:
        CatalogError: `client_unknown`.
    """
    with _store(workspace) as store:
        ended = store.clients.revoke(workspace.name, client_id)
        _note(store, workspace, "client_revoked", ended)
    return ended


def list_notices(workspace: Workspace, state: State | None, limit: int) -> list[Notice]:
    """The last notices, the newest first."""
    with _store(workspace) as store:
        return store.subscriptions.notices(workspace.name, state, limit)


def replay_notice(workspace: Workspace, id: str) -> Notice:
    """Have a notice sent once more by the running service.

    Raises:
        CatalogError: `notice_unknown`, `subscription_ended`.
    """
    with _store(workspace) as store:
        return store.subscriptions.replay(workspace.name, id)


def department_client_table(found: Iterable[ApiClient]) -> Table:
    """Programs of departments for people."""
    table = make_table(
        "client_id", "client_department", "client_user", "client_since", "client_ended"
    )
    for one in found:
        ended = "" if one.revoked_at is None else moment_shown(one.revoked_at)
        table.add_row(one.id, one.department, one.user, moment_shown(one.created_at), ended)
    return table


def notice_table(found: Iterable[Notice]) -> Table:
    """Notices for people."""
    table = make_table(
        "webhook_notice",
        "webhook_made",
        "webhook_resource",
        "webhook_snapshot",
        "webhook_url",
        "webhook_state",
        "webhook_attempts",
        "webhook_problem",
    )
    for one in found:
        table.add_row(
            one.id,
            moment_shown(one.made_at),
            one.subscription.resource,
            str(one.snapshot),
            one.subscription.url,
            one.state,
            str(one.attempts),
            one.problem or "",
        )
    return table


def notice_json(one: Notice) -> dict[str, Any]:
    """A notice for machines."""
    return {
        "id": one.id,
        "subscription": one.subscription.id,
        "department": one.subscription.department,
        "resource": one.subscription.resource,
        "snapshot": str(one.snapshot),
        "url": one.subscription.url,
        "made_at": one.made_at.isoformat(),
        "state": one.state,
        "attempts": one.attempts,
        "due_at": one.due_at.isoformat() if one.state == "waiting" else None,
        "problem": one.problem,
    }


def _store(workspace: Workspace) -> CatalogStore:
    return CatalogStore.open(Home.of(workspace.name).database_url)


def _note(store: CatalogStore, workspace: Workspace, kind: str, client: ApiClient) -> None:
    record = AuditRecord(
        at=utc_now(),
        actor=SYSTEM,
        action="account",
        subject=client.id,
        detail={"kind": kind, "department": client.department or "", "user": client.user},
    )
    store.audit.append(workspace.name, record)
