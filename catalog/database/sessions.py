"""Browsers that have signed in to the portal.

A session is known by a secret of 32 random bytes, of which only the hash is kept: whoever reads the
database cannot use a session.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from catalog.database import tables as t
from catalog.database.account_tables import AccountRow, SessionRow
from catalog.database.accounts import Account, account_of
from catalog.errors import CatalogError

Transaction = Callable[[], AbstractContextManager[Session]]
SECRET_BYTES = 32
SEEN_EVERY = timedelta(seconds=20)  # so that not every request writes


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session.

    Attributes:
        id: for its owner's list of his sessions; it opens nothing.
        address, agent: of the browser that signed in.
    """

    id: int
    account: Account
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime


class Sessions:
    """The sessions of every workspace in a catalogue database; every method is one transaction.

    Args of most methods:
        idle, longest: after how long without a request, and after how long at most, a session is over.
    """

    def __init__(
        self, read: Transaction, write: Transaction, clock: Callable[[], datetime]
    ) -> None:
        self._read = read
        self._write = write
        self._clock = clock

    def begin(self, workspace: str, name: str, address: str, agent: str, longest: timedelta) -> str:
        """A new session of an account that is open; its secret, which is told only now.

        Sessions that are over by `longest` are removed.

        Raises:
            CatalogError: `account_missing`.
        """
        secret, now = secrets.token_urlsafe(SECRET_BYTES), self._clock()
        with self._write() as session:
            query = select(AccountRow).join(t.Workspace, t.Workspace.id == AccountRow.workspace_id)
            query = query.where(t.Workspace.name == workspace, AccountRow.name == name)
            account = session.scalar(query.where(AccountRow.closed_at.is_(None)))
            if account is None:
                raise CatalogError("account_missing", name=name)
            session.execute(delete(SessionRow).where(SessionRow.created_at <= now - longest))
            session.add(
                SessionRow(
                    account_id=account.id,
                    secret_hash=_hash(secret),
                    address=address,
                    agent=agent[:200],
                    created_at=now,
                    seen_at=now,
                )
            )
        return secret

    def find(
        self, workspace: str, secret: str, idle: timedelta, longest: timedelta
    ) -> Sitting | None:
        """The session of a secret, if it is not over and its account is open."""
        now = self._clock()
        with self._read() as session:
            found = session.execute(
                _rows(workspace).where(
                    SessionRow.secret_hash == _hash(secret),
                    SessionRow.seen_at > now - idle,
                    SessionRow.created_at > now - longest,
                )
            ).first()
            sitting = None if found is None else _sitting(*found)
        if sitting is not None and now - sitting.seen_at >= SEEN_EVERY:
            with self._write() as session:
                seen = update(SessionRow).where(SessionRow.id == sitting.id)
                session.execute(seen.values(seen_at=now))
        return sitting

    def list(self, workspace: str, name: str, idle: timedelta, longest: timedelta) -> list[Sitting]:
        """The sessions of an account that are not over, the newest first."""
        now = self._clock()
        with self._read() as session:
            query = _rows(workspace).where(
                AccountRow.name == name,
                SessionRow.seen_at > now - idle,
                SessionRow.created_at > now - longest,
            )
            rows = session.execute(query.order_by(SessionRow.id.desc()))
            return [_sitting(*found) for found in rows]

    def end(self, secret: str) -> None:
        """End the session of a secret; repeating it changes nothing."""
        with self._write() as session:
            session.execute(delete(SessionRow).where(SessionRow.secret_hash == _hash(secret)))

    def end_one(self, workspace: str, name: str, id: int) -> None:
        """End one of an account's own sessions; of another's nothing is ended."""
        with self._write() as session:
            own = _rows(workspace).where(AccountRow.name == name, SessionRow.id == id)
            found = session.execute(own).first()
            if found is not None:
                session.delete(found[0])


def _rows(workspace: str) -> Select[SessionRow, AccountRow]:
    return (
        select(SessionRow, AccountRow)
        .join(AccountRow, AccountRow.id == SessionRow.account_id)
        .join(t.Workspace, t.Workspace.id == AccountRow.workspace_id)
        .where(t.Workspace.name == workspace, AccountRow.closed_at.is_(None))
    )


def _sitting(row: SessionRow, account: AccountRow) -> Sitting:
    return Sitting(row.id, account_of(account), row.address, row.agent, row.created_at, row.seen_at)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
