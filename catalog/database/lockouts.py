"""Failed attempts to sign in: after so many, an account or an address has to wait.

An attempt is counted before its password is looked at and taken back when it was right, so a hundred
attempts at once are a hundred attempts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog.database import tables as t
from catalog.database.account_tables import SignInFailureRow as Row
from catalog.database.writing import lock_workspace

Transaction = Callable[[], AbstractContextManager[Session]]


class Lockouts:
    """The failures of every workspace in a catalogue database; every method is one transaction."""

    def __init__(self, write: Transaction, clock: Callable[[], datetime]) -> None:
        self._write = write
        self._clock = clock

    def attempt(self, workspace: str, most: Mapping[str, int], wait: timedelta) -> datetime | None:
        """Count an attempt for some subjects, such as an account and an address.

        Args:
            most: by subject, after how many failures in a row it is locked.
            wait: how long a failure counts, and how long it is locked after the last one.

        Returns:
            Until when one of them is locked, and nothing is counted; None: go on.
        """
        now = self._clock()
        with self._write() as session:
            owner = lock_workspace(session, workspace, now)
            session.execute(delete(Row).where(Row.workspace_id == owner, Row.until_at <= now))
            query = select(Row).where(Row.workspace_id == owner, Row.subject.in_(most))
            known = {row.subject: row for row in session.scalars(query)}
            locked = [row.until_at for name, row in known.items() if row.failures >= most[name]]
            if locked:
                return max(locked)
            for name in most:
                row = known.get(name)
                if row is None:
                    row = Row(workspace_id=owner, subject=name, failures=0, until_at=now)
                    session.add(row)
                row.failures += 1
                row.until_at = now + wait
        return None

    def succeeded(self, workspace: str, account: str, address: str) -> None:
        """The attempt was right: the account begins anew, the address has one failure less.

        It is not forgiven the others, or whoever has an account could guess at others' for ever.
        """
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            row = session.get(Row, (owner, account))
            if row is not None:
                session.delete(row)
            row = session.get(Row, (owner, address))
            if row is not None and row.failures > 0:
                row.failures -= 1

    def forget(self, workspace: str, account: str) -> None:
        """Let an account be tried again at once: it has got a new password."""
        with self._write() as session:
            owner = select(t.Workspace.id).where(t.Workspace.name == workspace).scalar_subquery()
            session.execute(delete(Row).where(Row.workspace_id == owner, Row.subject == account))
