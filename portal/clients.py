"""The programs that may sign in, of partners and of departments, for the commands about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from catalog.database import CatalogStore
from catalog.database.clients import ApiClient
from pipelines.home import Home
from pipelines.present import make_table
from pipelines.workspace import Workspace
from portal.errors import PortalError

if TYPE_CHECKING:
    from rich.table import Table

Kind = Literal["partner", "department"]  # whose program it is


def kind_of(one: ApiClient) -> Kind:
    """Whose program it is: a partner's asks in the sandbox, a department's reads in the exchange."""
    return "partner" if one.department is None else "department"


def add_client(workspace: Workspace, kind: Kind, owner: str, user: str) -> tuple[ApiClient, str]:
    """A new program of a partner or a department, and its secret, which is told only now.

    Args:
        owner: the partner's or the department's id.

    Raises:
        PortalError: `department_unknown`.
    """
    if kind == "department" and owner not in workspace.departments:
        raise PortalError("department_unknown", department=owner)
    with _store(workspace) as store:
        clients = store.clients
        add = clients.add if kind == "partner" else clients.add_for_department
        return add(workspace.name, owner, user)


def list_clients(workspace: Workspace, kind: Kind) -> list[ApiClient]:
    """Every program of partners, or of departments, revoked ones too."""
    with _store(workspace) as store:
        return [one for one in store.clients.list(workspace.name) if kind_of(one) == kind]


def revoke_client(workspace: Workspace, client_id: str) -> ApiClient:
    """Let a program sign in no more.

    Raises:
        CatalogError: `client_unknown`.
    """
    with _store(workspace) as store:
        return store.clients.revoke(workspace.name, client_id)


def client_table(found: Iterable[ApiClient], kind: Kind) -> Table:
    """Programs for people."""
    table = make_table("client_id", f"client_{kind}", "client_user", "client_since", "client_ended")
    for one in found:
        ended = "" if one.revoked_at is None else moment_shown(one.revoked_at)
        table.add_row(one.id, _owner(one), one.user, moment_shown(one.created_at), ended)
    return table


def client_json(one: ApiClient) -> dict[str, Any]:
    """A program for machines."""
    told = {
        "client_id": one.id,
        "partner": one.partner,
        "user": one.user,
        "created_at": one.created_at.isoformat(),
        "revoked_at": None if one.revoked_at is None else one.revoked_at.isoformat(),
    }
    return told if one.department is None else {**told, "department": one.department}


def moment_shown(value: datetime) -> str:
    """A time for people."""
    return value.astimezone().isoformat(" ", "minutes")


def _owner(one: ApiClient) -> str:
    return one.partner if one.department is None else one.department


def _store(workspace: Workspace) -> CatalogStore:
    return CatalogStore.open(Home.of(workspace.name).database_url)
