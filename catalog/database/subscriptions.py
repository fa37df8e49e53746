"""Who is told of new snapshots, and the notices that are on their way (an outbox).

A notice is made in the transaction that notes its snapshot, once for each subscription and snapshot. It
stays `waiting` until it was delivered, so a sender that is killed delivers it again: at least once.
"""

from __future__ import annotations

import builtins
import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from catalog.database import tables as t
from catalog.database.exchange_tables import NoticeRow, SubscriptionRow
from catalog.database.grant_tables import GrantRow
from catalog.database.notices import tell
from catalog.database.writing import lock_workspace
from catalog.errors import CatalogError

Transaction = Callable[[], AbstractContextManager[Session]]
State = Literal["waiting", "sent", "dead", "dropped"]


@dataclass(frozen=True, slots=True)
class Subscription:
    """An address that is told of new snapshots.

    Attributes:
        snapshot: the last one for which a notice was made; none is made for what was there before.
        ended_at, ended_why: from when on it is told of nothing more: `withdrawn`, or the grant's state.
    """

    id: str
    department: str
    user: str
    resource: str
    grant: str
    url: str
    snapshot: int | None
    created_at: datetime
    ended_at: datetime | None = None
    ended_why: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of one snapshot to one address.

    Attributes:
        id: the same with every attempt, so that a receiver knows it again.
        attempts: how often it was tried.
        due_at: when it is tried next.
        problem: why the last attempt failed.
    """

    id: str
    subscription: Subscription
    snapshot: int
    made_at: datetime
    state: State
    attempts: int
    due_at: datetime
    finished_at: datetime | None
    problem: str | None


class Subscriptions:
    """Subscriptions and notices of every workspace; every method is one transaction."""

    def __init__(
        self, read: Transaction, write: Transaction, clock: Callable[[], datetime]
    ) -> None:
        self._read = read
        self._write = write
        self._clock = clock

    def add(
        self,
        workspace: str,
        *,
        department: str,
        user: str,
        resource: str,
        grant: str,
        url: str,
        snapshot: int | None,
        most: int,
    ) -> Subscription:
        """A new subscription.

        Args:
            snapshot: what readers see now; it is told of later ones.
            most: how many a department may have for one resource.

        Raises:
            CatalogError: `subscriptions_many`.
        """
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            known = _subscriptions(workspace).where(
                SubscriptionRow.department == department,
                SubscriptionRow.resource == resource,
                SubscriptionRow.ended_at.is_(None),
            )
            if len(session.scalars(known).all()) >= most:
                raise CatalogError("subscriptions_many", resource=resource, most=most)
            row = SubscriptionRow(
                workspace_id=owner,
                subscription_id=f"sub_{secrets.token_hex(12)}",
                department=department,
                user_name=user,
                resource=resource,
                grant_id=grant,
                url=url,
                snapshot_id=snapshot,
                created_at=self._clock(),
            )
            session.add(row)
            session.flush()
            return _subscription(row)

    def list(
        self, workspace: str, department: str | None = None, resource: str | None = None
    ) -> builtins.list[Subscription]:
        """Every subscription, the oldest first, ended ones too."""
        query = _subscriptions(workspace).order_by(SubscriptionRow.id)
        if department is not None:
            query = query.where(SubscriptionRow.department == department)
        if resource is not None:
            query = query.where(SubscriptionRow.resource == resource)
        with self._read() as session:
            return [_subscription(row) for row in session.scalars(query)]

    def end(self, workspace: str, id: str, why: str, department: str | None = None) -> Subscription:
        """Tell an address of nothing more; what waits for it is dropped. Repeating it changes nothing.

        Args:
            department: only one of this department's.

        Raises:
            CatalogError: `subscription_unknown`.
        """
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            query = _subscriptions(workspace).where(SubscriptionRow.subscription_id == id)
            if department is not None:
                query = query.where(SubscriptionRow.department == department)
            row = session.scalar(query)
            if row is None:
                raise CatalogError("subscription_unknown", subscription=id)
            if row.ended_at is None:
                row.ended_at, row.ended_why = self._clock(), why
                waiting = select(NoticeRow).where(
                    NoticeRow.subscription_key == row.id, NoticeRow.state == "waiting"
                )
                for notice in session.scalars(waiting):
                    notice.state, notice.finished_at = "dropped", self._clock()
            session.flush()
            return _subscription(row)

    # The outbox

    def note_snapshots(
        self, workspace: str, current: Mapping[str, int], but: Collection[str] = ()
    ) -> int:
        """Make notices of what readers see now and were not told of; returns how many.

        Args:
            current: the snapshot of each resource.
            but: ids of subscriptions that are told nothing now, and of the newest one later.
        """
        made = 0
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            living = _subscriptions(workspace).where(SubscriptionRow.ended_at.is_(None))
            for row in session.scalars(living):
                snapshot = current.get(row.resource)
                if row.subscription_id in but or snapshot in (None, row.snapshot_id):
                    continue
                row.snapshot_id = snapshot
                told = select(NoticeRow).where(
                    NoticeRow.subscription_key == row.id, NoticeRow.snapshot_id == snapshot
                )
                if session.scalar(told) is not None:  # a rollback made an older one current again
                    continue
                session.add(_new_notice(row.id, snapshot, self._clock()))
                made += 1
        return made

    def lease(self, workspace: str, seconds: float, most: int) -> builtins.list[Notice]:
        """Notices that are due; nobody else gets them for some seconds."""
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            now = self._clock()
            due = _notices(workspace).where(NoticeRow.state == "waiting", NoticeRow.due_at <= now)
            found = session.execute(due.order_by(NoticeRow.due_at).limit(most)).all()
            for notice, _ in found:
                notice.due_at = now + timedelta(seconds=seconds)
                notice.attempts += 1
            session.flush()
            return [_notice(notice, row) for notice, row in found]

    def delivered(self, workspace: str, id: str) -> Notice:
        """A notice has arrived.

        Raises:
            CatalogError: `notice_unknown`.
        """
        return self._changed(workspace, id, state="sent", problem=None, finished_at=self._clock())

    def failed(self, workspace: str, id: str, problem: str, again: timedelta | None) -> Notice:
        """An attempt has failed.

        Args:
            again: after which time it is tried again; None: never, it is dead.

        Raises:
            CatalogError: `notice_unknown`.
        """
        if again is None:
            now = self._clock()
            return self._changed(workspace, id, state="dead", problem=problem, finished_at=now)
        return self._changed(workspace, id, problem=problem, due_at=self._clock() + again)

    def replay(self, workspace: str, id: str) -> Notice:
        """Send a dead notice, or a sent one, once more.

        Raises:
            CatalogError: `notice_unknown`; `subscription_ended`, when nobody is to be told any more.
        """
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            notice, row = _known(session, workspace, id)
            if row.ended_at is not None:
                raise CatalogError("subscription_ended", subscription=row.subscription_id)
            notice.state, notice.attempts, notice.finished_at = "waiting", 0, None
            notice.due_at = self._clock()
            session.flush()
            return _notice(notice, row)

    def notices(
        self, workspace: str, state: State | None = None, limit: int = 100
    ) -> builtins.list[Notice]:
        """The last notices, the newest first."""
        query = _notices(workspace).order_by(NoticeRow.id.desc()).limit(limit)
        if state is not None:
            query = query.where(NoticeRow.state == state)
        with self._read() as session:
            return [_notice(*found) for found in session.execute(query)]

    def _changed(self, workspace: str, id: str, **values: object) -> Notice:
        with self._write() as session:
            lock_workspace(session, workspace, self._clock())
            notice, row = _known(session, workspace, id)
            if notice.state == "waiting":  # what was dropped meanwhile stays so
                for name, value in values.items():
                    setattr(notice, name, value)
                if notice.state == "dead":
                    _tell_dead(session, row, self._clock())
            session.flush()
            return _notice(notice, row)


def _subscriptions(workspace: str) -> Select[SubscriptionRow]:
    query = select(SubscriptionRow).join(
        t.Workspace, t.Workspace.id == SubscriptionRow.workspace_id
    )
    return query.where(t.Workspace.name == workspace)


def _notices(workspace: str) -> Select[NoticeRow, SubscriptionRow]:
    query = select(NoticeRow, SubscriptionRow)
    query = query.join(SubscriptionRow, SubscriptionRow.id == NoticeRow.subscription_key)
    query = query.join(t.Workspace, t.Workspace.id == SubscriptionRow.workspace_id)
    return query.where(t.Workspace.name == workspace)


def _known(session: Session, workspace: str, id: str) -> tuple[NoticeRow, SubscriptionRow]:
    found = session.execute(_notices(workspace).where(NoticeRow.notice_id == id)).one_or_none()
    if found is None:
        raise CatalogError("notice_unknown", notice=id)
    return found[0], found[1]


def _tell_dead(session: Session, row: SubscriptionRow, now: datetime) -> None:
    """The department learns on the portal that its receiver cannot be reached."""
    of = GrantRow.workspace_id == row.workspace_id, GrantRow.grant_id == row.grant_id
    grant = session.scalar(select(GrantRow.id).where(*of))
    if grant is not None:
        told = [row.department]
        tell(session, row.workspace_id, told, now, "undelivered", grant_key=grant)


def _new_notice(subscription: int, snapshot: int, now: datetime) -> NoticeRow:
    return NoticeRow(
        notice_id=f"msg_{secrets.token_hex(12)}",
        subscription_key=subscription,
        snapshot_id=snapshot,
        made_at=now,
        state="waiting",
        attempts=0,
        due_at=now,
    )


def _subscription(row: SubscriptionRow) -> Subscription:
    return Subscription(
        row.subscription_id,
        row.department,
        row.user_name,
        row.resource,
        row.grant_id,
        row.url,
        row.snapshot_id,
        row.created_at,
        row.ended_at,
        row.ended_why,
    )


def _notice(notice: NoticeRow, row: SubscriptionRow) -> Notice:
    return Notice(
        notice.notice_id,
        _subscription(row),
        notice.snapshot_id,
        notice.made_at,
        notice.state,  # type: ignore[arg-type]  # a constraint of the table
        notice.attempts,
        notice.due_at,
        notice.finished_at,
        notice.problem,
    )
