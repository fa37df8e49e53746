"""The programs that may sign in, for the commands about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from catalog.database import CatalogStore
from catalog.database.clients import ApiClient
from pipelines.home import Home
from pipelines.present import make_table
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from rich.table import Table


def _store(workspace: Workspace) -> CatalogStore:
    return CatalogStore.open(Home.of(workspace.name).database_url)


def add_client(workspace: Workspace, partner: str, user: str) -> tuple[ApiClient, str]:
    """A new client and its secret."""
    with _store(workspace) as store:
        return store.clients.add(workspace.name, partner, user)


def list_clients(workspace: Workspace) -> list[ApiClient]:
    """Every client of a partner, revoked ones too."""
    with _store(workspace) as store:
        return [one for one in store.clients.list(workspace.name) if one.department is None]


def revoke_client(workspace: Workspace, client_id: str) -> ApiClient:
    """Let a client sign in no more.

    Raises:
        CatalogError: `client_unknown`.
    """
    with _store(workspace) as store:
        return store.clients.revoke(workspace.name, client_id)


def client_table(found: Iterable[ApiClient]) -> Table:
    """Clients for people."""
    table = make_table("client_id", "client_partner", "client_user", "client_since", "client_ended")
    for one in found:
        ended = "" if one.revoked_at is None else moment_shown(one.revoked_at)
        table.add_row(one.id, one.partner, one.user, moment_shown(one.created_at), ended)
    return table


def client_json(one: ApiClient) -> dict[str, Any]:
    """A client for machines."""
    return {
        "client_id": one.id,
        "partner": one.partner,
        "user": one.user,
        "created_at": one.created_at.isoformat(),
        "revoked_at": None if one.revoked_at is None else one.revoked_at.isoformat(),
    }


def moment_shown(value: datetime) -> str:
    """A time for people."""
    return value.astimezone().isoformat(" ", "minutes")
