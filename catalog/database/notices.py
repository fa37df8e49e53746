"""What departments are told of requests, objections and grants, and how far people have read it.

What somebody is shown is looked at anew each time: of a request that has gone to another department,
the one that was asked before sees no notice any more, as it does not see the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from catalog.database import tables as t
from catalog.database.grant_tables import GrantRow
from catalog.database.notice_tables import NoticeSeenRow, ShareNoticeRow
from catalog.database.paging import MOST_NUMBER, Listed, Place, page_of
from catalog.database.sharing_tables import (
    ObjectionRouteRow,
    ObjectionRow,
    ShareRequestRow,
    ShareTaskRow,
)
from catalog.database.standing import Reading
from catalog.database.writing import lock_workspace, put
from catalog.sharing.notices import URGENT, Notice

Transaction = Callable[[], AbstractContextManager[Session]]
MOST_COUNTED = 99  # unread notices
MOST_LISTED = 1_000  # of those that a page says there are


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads notices.

    Attributes:
        person: his name, by which is kept how far he has read.
        department: for which he acts.
        everything: whether he may see every request, objection and grant.
    """

    person: str
    department: str
    everything: bool = False


class Notices:
    """The notices of every workspace in a catalogue database; every method is one transaction."""

    def __init__(
        self,
        read: Transaction,
        write: Transaction,
        reading: Reading,
        clock: Callable[[], datetime],
    ) -> None:
        self._read = read
        self._write = write
        self._reading = reading
        self._clock = clock

    def page(
        self, workspace: str, reader: Reader, place: Place, urgent: bool = False
    ) -> Listed[Notice]:
        """A page of what somebody's department is told, the newest first.

        Its `count` is at most `MOST_LISTED`.

        Args:
            urgent: only what is.
        """
        row = ShareNoticeRow
        query = select(row).where(*_for(workspace, reader))
        if urgent:
            query = query.where(row.act.in_(sorted(URGENT)))
        with self._read() as session:
            found = page_of(session, query, row.id, place, MOST_LISTED)
            items = _loaded(session, found.items)
            return Listed(items, found.count, found.older, found.newer)

    def unread(self, workspace: str, reader: Reader) -> int:
        """How many notices somebody has not read; one more than `MOST_COUNTED` means: more."""
        asked = {
            "workspace": workspace,
            "department": reader.department,
            "person": reader.person,
        }
        with self._reading() as con:
            return con.execute(_UNREAD[reader.everything], asked).scalar_one()

    def seen(self, workspace: str, person: str) -> int:
        """The number of the last notice that somebody has read; 0: none."""
        with self._read() as session:
            return session.scalar(select(_seen(workspace, person))) or 0

    def newest(self, workspace: str, reader: Reader) -> int:
        """The number of the newest notice that somebody may see; 0: there is none."""
        row = ShareNoticeRow
        query = select(row.id).where(*_for(workspace, reader)).order_by(row.id.desc()).limit(1)
        with self._read() as session:
            return session.scalar(query) or 0

    def mark(self, workspace: str, reader: Reader, until: int) -> int:
        """Somebody has read what he is told, up to a number; returns up to which he has now.

        It never goes back, and never beyond what there is: what comes later is unread.
        """
        with self._write() as session:
            owner = lock_workspace(session, workspace, self._clock())
            row = ShareNoticeRow
            last = select(func.max(row.id)).where(
                row.workspace_id == owner,
                row.department == reader.department,
                row.id <= max(0, min(until, MOST_NUMBER)),
            )
            known = session.scalar(select(_seen(workspace, reader.person))) or 0
            now_seen = max(known, session.scalar(last) or 0)
            if now_seen > known:
                values = {"workspace_id": owner, "person": reader.person}
                values |= {"seen": now_seen, "at": self._clock()}
                put(session, t.table_of(NoticeSeenRow), [values], ["workspace_id", "person"])
            return now_seen


def tell(
    session: Session, workspace_id: int, departments: Iterable[str], at: datetime, act: str,
    task: int | None = None, **about: int,
) -> None:  # fmt: skip
    """Tell departments of something, within a transaction that has locked the workspace.

    Args:
        about: `request_key`, `objection_key` or `grant_key`.
    """
    session.add_all(
        ShareNoticeRow(
            workspace_id=workspace_id, department=one, at=at, act=act, task=task, **about
        )
        for one in departments
        if one
    )


def begin(session: Session, workspace_id: int, person: str, at: datetime) -> None:
    """Let somebody who is new have read what there is, within a transaction that has locked the
    workspace: what his department was told before he came was told to his colleagues."""
    row = ShareNoticeRow
    last = session.scalar(select(func.max(row.id)).where(row.workspace_id == workspace_id))
    values = {"workspace_id": workspace_id, "person": person, "seen": last or 0, "at": at}
    key = ["workspace_id", "person"]
    put(session, t.table_of(NoticeSeenRow), [values], key, keep=["seen", "at"])


def unread_query(everything: bool) -> Select[int]:
    """The statement that counts what a `person` of a `department` has not read in a `workspace`."""
    row = ShareNoticeRow
    workspace: BindParameter[str] = bindparam("workspace")
    after = func.coalesce(_seen(workspace, bindparam("person")), 0)
    told = _told(workspace, bindparam("department"), everything)
    found = select(literal(1)).select_from(row).where(*told, row.id > after)
    return select(func.count()).select_from(found.limit(MOST_COUNTED + 1).subquery())


def _for(workspace: str, reader: Reader) -> list[ColumnElement[bool]]:
    """What is told to a reader's department and he may see."""
    return _told(workspace, reader.department, reader.everything)


def _told(workspace: Any, department: Any, everything: bool) -> list[ColumnElement[bool]]:
    row = ShareNoticeRow
    told = [row.workspace_id == _key(workspace), row.department == department]
    return told if everything else [*told, _visible(department)]


def _visible(department: Any) -> ColumnElement[bool]:
    """What an officer may see: as `pipelines.sharing.people` says of requests and objections."""
    row, request, task = ShareNoticeRow, ShareRequestRow, ShareTaskRow
    objection, route, grant = ObjectionRow, ObjectionRouteRow, GrantRow
    asks = exists().where(request.id == row.request_key, request.department == department)
    owns = exists().where(task.request_key == row.request_key, task.owner == department)
    objects = exists().where(objection.id == row.objection_key, objection.department == department)
    asked = exists().where(route.objection_key == row.objection_key, route.department == department)
    granted = exists().where(
        grant.id == row.grant_key, (grant.department == department) | (grant.owner == department)
    )
    # A delay that was escalated to a department is its business, whatever its part was before.
    return or_(asks, owns, objects, asked, granted, row.act == "escalate")


def _key(workspace: Any) -> Any:
    return select(t.Workspace.id).where(t.Workspace.name == workspace).scalar_subquery()


def _seen(workspace: Any, person: Any) -> Any:
    row = NoticeSeenRow
    query = select(row.seen).where(row.workspace_id == _key(workspace), row.person == person)
    return query.scalar_subquery()


_UNREAD = {one: unread_query(one) for one in (False, True)}  # made once: every page asks


# What notices are about


def _loaded(session: Session, rows: Sequence[ShareNoticeRow]) -> list[Notice]:
    """The records of rows, with a statement for each kind of what they are about."""
    requests = _by_key(session, ShareRequestRow, [one.request_key for one in rows])
    objections = _by_key(session, ObjectionRow, [one.objection_key for one in rows])
    grants = _by_key(session, GrantRow, [one.grant_key for one in rows])
    found = []
    for one in rows:
        if one.request_key is not None:
            found.append(_of_request(one, requests[one.request_key]))
        elif one.objection_key is not None:
            about = objections[one.objection_key]
            found.append(_of(one, "objection", about.objection_id, about))
        else:
            about = grants[one.grant_key]
            found.append(_of(one, "grant", about.grant_id, about))
    return found


def _by_key(session: Session, kind: Any, keys: Iterable[int | None]) -> dict[Any, Any]:
    wanted = sorted({key for key in keys if key is not None})
    if not wanted:
        return {}
    return {row.id: row for row in session.scalars(select(kind).where(kind.id.in_(wanted)))}


def _of_request(row: ShareNoticeRow, about: ShareRequestRow) -> Notice:
    items = about.items
    if row.task is not None and row.task <= len(items):  # those of lifted refusals come after
        items = items[row.task - 1 : row.task]
    resources = tuple(dict.fromkeys(str(item["resource"]) for item in items))
    kind: Any = "request" if row.task is None else "task"
    return Notice(
        row.id, row.at, kind, row.act, about.request_id, row.task, resources, about.department
    )


def _of(row: ShareNoticeRow, kind: Any, id: str, about: Any) -> Notice:
    return Notice(row.id, row.at, kind, row.act, id, None, (about.resource,), about.department)
