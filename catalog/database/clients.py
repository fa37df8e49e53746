"""The programs of partners and departments that may sign in, and their secrets.

A secret is 32 random bytes; what is kept is its scrypt hash, so that whoever reads the database
cannot sign in. That a program may sign in, or may no more, is in the audit log by the same transaction.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from catalog.audit.record import AuditRecord
from catalog.database import tables as t
from catalog.database.audited import actor_of
from catalog.database.client_tables import ApiClientRow
from catalog.database.kept import OftenAsked
from catalog.database.writing import lock_workspace
from catalog.errors import CatalogError

SECRET_BYTES = 32
SALT_BYTES = 16
NOBODY = "00" * SALT_BYTES  # the salt for the secret of a client that there is not
SYSTEM = "system"  # who has the machine


@dataclass(frozen=True, slots=True)
class ApiClient:
    """A program that may sign in.

    Attributes:
        id: by which it names itself.
        partner, user: for whom it asks.
        revoked_at: from when on it may no more; None while it may.
        department: of a department's program, which uses the exchange; its `partner` is empty. None for
            a partner's, which uses the sandbox.
    """

    id: str
    partner: str
    user: str
    created_at: datetime
    revoked_at: datetime | None
    department: str | None = None


class Clients(OftenAsked):
    """The clients of every workspace in a catalogue database; every method is one transaction."""

    def add(
        self, workspace: str, partner: str, user: str, *, by: str = SYSTEM
    ) -> tuple[ApiClient, str]:
        """A new client of a partner and its secret, which is told only now.

        Args:
            by: who lets it sign in, as the audit log names him.
        """
        return self._added(workspace, partner, user, None, by)

    def add_for_department(
        self, workspace: str, department: str, user: str, *, by: str = SYSTEM
    ) -> tuple[ApiClient, str]:
        """A new client of a department and its secret, which is told only now; as `add`."""
        return self._added(workspace, "", user, department, by)

    def _added(
        self, workspace: str, partner: str, user: str, department: str | None, by: str
    ) -> tuple[ApiClient, str]:
        secret, salt = secrets.token_urlsafe(SECRET_BYTES), secrets.token_hex(SALT_BYTES)
        with self._write() as session:
            row = ApiClientRow(
                workspace_id=lock_workspace(session, workspace, self._clock()),
                client_id=f"client-{secrets.token_hex(8)}",
                partner=partner,
                department=department,
                user_name=user,
                salt=salt,
                secret_hash=_hash(secret, salt),
                created_at=self._clock(),
                revoked_at=None,
            )
            session.add(row)
            session.flush()
            made = _record(row)
            self._note(session, workspace, "client_added", made, by)
            return made, secret

    def list(self, workspace: str) -> list[ApiClient]:
        """Every client, the oldest first, revoked ones too."""
        with self._read() as session:
            return [_record(row) for row in session.scalars(_rows(workspace))]

    def revoke(self, workspace: str, client_id: str, *, by: str = SYSTEM) -> ApiClient:
        """Let a client sign in no more; its tokens end with it. Repeating it changes nothing.

        Args:
            by: who revokes it, as the audit log names him.

        Raises:
            CatalogError: `client_unknown`.
        """
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            row = session.scalar(_rows(workspace).where(ApiClientRow.client_id == client_id))
            if row is None:
                raise CatalogError("client_unknown", client=client_id)
            if row.revoked_at is not None:
                return _record(row)
            row.revoked_at = self._clock()
            session.flush()
            ended = _record(row)
            self._note(session, workspace, "client_revoked", ended, by)
            return ended

    def _note(
        self, session: Session, workspace: str, kind: str, client: ApiClient, by: str
    ) -> None:
        """Tell the audit log within the transaction that does it."""
        whose = ("partner", client.partner)
        if client.department is not None:
            whose = ("department", client.department)
        record = AuditRecord(
            at=self._clock(),
            actor=actor_of(by),
            action="account",
            subject=client.id,
            detail={"kind": kind, whose[0]: whose[1], "user": client.user},
        )
        self._audit.append_in(session, workspace, [record])

    def valid(self, workspace: str, client_id: str) -> ApiClient | None:
        """A client that is not revoked."""
        found = self._valid(workspace, client_id)
        return None if found is None else found[0]

    def signed_in(self, workspace: str, client_id: str, secret: str) -> ApiClient | None:
        """The client whose secret this is; None, after the same work, for any other."""
        found = self._valid(workspace, client_id)
        client, salt, known = (None, NOBODY, "") if found is None else found
        right = hmac.compare_digest(_hash(secret, salt), known)
        return client if right else None

    def _valid(self, workspace: str, client_id: str) -> tuple[ApiClient, str, str] | None:
        """A client that is not revoked, with the salt and the hash of his secret."""
        if "\x00" in client_id:  # PostgreSQL has no such text
            return None
        with self._reading() as con:
            asked = {"workspace": workspace, "client": client_id}
            row = con.execute(_VALID, asked).one_or_none()
        if row is None:
            return None
        return _record(row), row.salt, row.secret_hash


# Of columns, and made once: it is asked with every request.
_COLUMNS = t.table_of(ApiClientRow).c
_VALID = (
    select(*_COLUMNS)
    .join(t.Workspace, t.Workspace.id == _COLUMNS.workspace_id)
    .where(
        t.Workspace.name == bindparam("workspace"),
        _COLUMNS.client_id == bindparam("client"),
        _COLUMNS.revoked_at.is_(None),
    )
)


def _rows(workspace: str) -> Select[ApiClientRow]:
    return (
        select(ApiClientRow)
        .join(t.Workspace, t.Workspace.id == ApiClientRow.workspace_id)
        .where(t.Workspace.name == workspace)
        .order_by(ApiClientRow.id)
    )


def _record(row: Any) -> ApiClient:
    """The record of a row, as the table's class or as the columns of a statement."""
    return ApiClient(
        row.client_id,
        row.partner,
        row.user_name,
        row.created_at,
        row.revoked_at,
        row.department,
    )


def _hash(secret: str, salt: str) -> str:
    """scrypt (RFC 7914) with 16 MB; `surrogatepass`, for a form may hold anything."""
    # Of a digest: to the HMAC within, a text and the same with zeros behind it are one.
    data = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
    return hashlib.scrypt(data, salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32).hex()
