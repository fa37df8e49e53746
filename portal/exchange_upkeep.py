"""Notices of new snapshots, for the commands about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.database.audited import actor_of
from catalog.database.clients import SYSTEM
from catalog.database.store import utc_now
from catalog.database.subscriptions import Notice, State
from pipelines.home import Home
from pipelines.present import make_table
from pipelines.workspace import Workspace
from portal.clients import moment_shown

if TYPE_CHECKING:
    from rich.table import Table


def list_notices(workspace: Workspace, state: State | None, limit: int) -> list[Notice]:
    """The last notices, the newest first."""
    with _store(workspace) as store:
        return store.subscriptions.notices(workspace.name, state, limit)


def replay_notice(workspace: Workspace, id: str, who: str = SYSTEM) -> Notice:
    """Have a notice sent once more by the running service.

    Args:
        who: who asks for it, for the audit log.

    Raises:
        CatalogError: `notice_unknown`, `subscription_ended`.
    """
    with _store(workspace) as store:
        found = store.subscriptions.replay(workspace.name, id)
        said = {"kind": "notice_replayed", "department": found.subscription.department}
        record = AuditRecord(
            utc_now(), actor_of(who), "account", found.subscription.resource, detail=said
        )
        store.audit.append(workspace.name, record)
    return found


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
