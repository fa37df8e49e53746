"""The people who may sign in, for the commands and the page about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from catalog.audit.record import AuditRecord
from catalog.database import CatalogStore
from catalog.database.accounts import Account, new_password
from catalog.database.audited import actor_of
from catalog.people import Person
from pipelines.home import Home
from pipelines.present import make_table
from pipelines.workspace import Workspace
from portal.errors import PortalError

if TYPE_CHECKING:
    from rich.table import Table


def belongs(workspace: Workspace, person: Person) -> Person:
    """A person whose role has what it needs, in this city, and nothing else.

    Raises:
        PortalError: `account_department`: an officer without a department of the city, or somebody
            else with one; `account_partner`: an analyst without a partner, or somebody else with one.
    """
    known = workspace.departments
    if (person.role == "officer") != (person.department is not None) or (
        person.department is not None and person.department not in known
    ):
        raise PortalError(
            "account_department", department=person.department or "-", known=", ".join(known)
        )
    if (person.role == "partner") != bool(person.partner):
        raise PortalError("account_partner", role=person.role)
    return person


def add_account(
    workspace: Workspace, store: CatalogStore, person: Person, password: str | None
) -> tuple[Account, str]:
    """A new account and its password; None: one is made.

    Raises:
        PortalError: as `belongs`.
        CatalogError: as `Accounts.add`.
    """
    chosen = new_password() if password is None else password
    return store.accounts.add(workspace.name, belongs(workspace, person), chosen), chosen


def reset_password(
    workspace: Workspace, store: CatalogStore, name: str, password: str | None
) -> tuple[Account, str]:
    """A new password, with which its sessions end and its failures are forgotten.

    Raises:
        CatalogError: as `Accounts.set_password`.
    """
    chosen = new_password() if password is None else password
    account = store.accounts.set_password(workspace.name, name, chosen)
    store.lockouts.forget(workspace.name, account_subject(name))
    return account, chosen


def note_change(
    store: CatalogStore, workspace: Workspace, account: Account, what: str, who: str
) -> None:
    """Record that an account was changed by a command: `added`, `password` or `closed`.

    Args:
        who: who did it, as he says.
    """
    record = AuditRecord(
        datetime.now(UTC),
        actor_of(who),
        "account",
        account.person.id,
        detail=changed(account, what),
    )
    store.audit.append(workspace.name, record)


def changed(account: Account, what: str) -> dict[str, str]:
    """What the audit log says of an account that was changed."""
    who = account.person
    of = who.department or who.partner
    return {"change": what, "role": who.role, **({"of": of} if of else {})}


def account_subject(name: str) -> str:
    """As failed attempts name an account, known or not; escaped, for no database keeps every text."""
    return f"account {name[:80].lower().encode('unicode_escape').decode('ascii')}"


def open_store(workspace: Workspace) -> CatalogStore:
    """The catalogue database, to be closed by the caller."""
    return CatalogStore.open(Home.of(workspace.name).database_url)


def account_table(found: Iterable[Account]) -> Table:
    """Accounts for people."""
    table = make_table(
        "account_name",
        "account_title",
        "account_role",
        "account_of",
        "client_since",
        "client_ended",
    )
    for one in found:
        who = one.person
        ended = "" if one.closed_at is None else _moment(one.closed_at)
        of = who.department or who.partner or ""
        table.add_row(who.id, who.name, who.role, of, _moment(one.created_at), ended)
    return table


def account_json(one: Account) -> dict[str, Any]:
    """An account for machines."""
    return {
        "name": one.person.id,
        "title": one.person.name,
        "role": one.person.role,
        "department": one.person.department,
        "partner": one.person.partner,
        "issuer": one.issuer,
        "created_at": one.created_at.isoformat(),
        "closed_at": None if one.closed_at is None else one.closed_at.isoformat(),
    }


def _moment(value: datetime) -> str:
    return value.astimezone().isoformat(" ", "minutes")
