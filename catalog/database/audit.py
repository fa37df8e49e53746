"""The audit log of every workspace: records are added in a chain, found again, and followed.

Whoever adds waits until his records are durable. A log's row is what its writers lock, after any
other lock that they hold; so a transaction adds its records last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update
from sqlalchemy.orm import Session

from catalog.audit.entries import plain, record_of
from catalog.audit.record import Action, AuditRecord
from catalog.database import audit_rows as rows
from catalog.database.audit_rows import LOG, RECORD
from catalog.database.group_commit import GroupCommit
from catalog.errors import CatalogError

Reading = Callable[[], AbstractContextManager[Connection]]
STREAMED = 2_000  # records that are read at once
OF_STATE = (
    "size", "head", "anchored", "open_since", "overdue_seconds", "unstamped_since",
    "stamp_overdue_seconds",
)  # fmt: skip
AT_LEAST = timedelta(seconds=30)  # no setting lets a log be overdue sooner


@dataclass(frozen=True, slots=True)
class Logged:
    """A record in its log.

    Attributes:
        sequence: its number, from 1 without a gap.
        recorded_at: when it was written.
        hash: of it and the hash before it, in hexadecimal digits.
    """

    sequence: int
    recorded_at: datetime
    record: AuditRecord
    hash: str


@dataclass(frozen=True, slots=True)
class LogState:
    """Where a log ends.

    Attributes:
        id: the workspace's name and random digits: another log of the same name has others.
        size: how many records it has.
        head: the last record's hash.
        anchored: how many a checkpoint covers.
        open_since: when the oldest of the others was written.
        overdue_seconds: how old that may be; None where nobody has undertaken to anchor.
        unstamped_since: when the oldest record was written that no timestamp covers.
        stamp_overdue_seconds: how old that may be; None where timestamps are no condition.
        last: the highest number that any record has; `size`, unless somebody was at it.
    """

    id: str
    size: int
    head: str
    anchored: int
    open_since: datetime | None
    overdue_seconds: int | None
    unstamped_since: datetime | None
    stamp_overdue_seconds: int | None
    last: int


@dataclass(slots=True)
class Adding:
    """Records that one caller adds.

    Attributes:
        numbers: theirs, as soon as they are written.
        refused: why they were not.
    """

    workspace: str
    plains: list[rows.Plain]
    batch: str
    numbers: range = field(default=range(0))
    refused: CatalogError | None = None


class Audit:
    """The logs in a catalogue database; every method is one transaction, but `append_in`."""

    def __init__(self, reading: Reading, writing: Reading, clock: Callable[[], datetime]) -> None:
        self._reading = reading
        self._writing = writing
        self._clock = clock
        self._group = GroupCommit(self._write)
        self._fresh_since: dict[str, datetime] = {}
        self._full: dict[str, tuple[int, Callable[[], None]]] = {}

    # Adding

    def append(self, workspace: str, *records: AuditRecord, batch: str = "") -> range:
        """Add records, all or none, one after the other; they are durable when it returns.

        Args:
            batch: a name for them: a second call with the same one adds nothing, so that a caller
                who does not know whether the first was written may repeat it.

        Returns: their sequence numbers; none where the batch was known.

        Raises:
            CatalogError: `audit_overdue`: somebody would be given something, and the log has not
                been anchored for too long; `audit_stamp_overdue`: it has had no timestamp.
        """
        asked = adding(workspace, records, batch)
        if records:
            self._group.add(asked)
        if asked.refused is not None:
            raise asked.refused
        return asked.numbers

    def append_in(
        self,
        transaction: Session | Connection,
        workspace: str,
        records: Iterable[AuditRecord],
        *,
        batch: str = "",
    ) -> range:
        """Add records within somebody's writing transaction: they come to be when it commits.

        It is to be the transaction's last step, for it locks the log until the end.

        Raises:
            CatalogError: `audit_overdue`, `audit_stamp_overdue`, as `append`.
        """
        con = transaction.connection() if isinstance(transaction, Session) else transaction
        asked = adding(workspace, records, batch)
        if asked.plains:
            self.write_in(con, [asked])
        if asked.refused is not None:
            raise asked.refused
        return asked.numbers

    def _write(self, waiting: list[Adding]) -> None:
        with self._writing() as con:
            self.write_in(con, waiting)

    def write_in(self, con: Connection, waiting: list[Adding]) -> None:
        """Add what several callers add, within a writing transaction; each is told in his `Adding`."""
        by_log: dict[str, list[Adding]] = defaultdict(list)
        for one in waiting:
            by_log[one.workspace].append(one)
        for workspace in sorted(by_log):  # in one order, so that two writers never wait in a ring
            self._write_log(con, workspace, by_log[workspace])

    def _write_log(self, con: Connection, workspace: str, waiting: list[Adding]) -> None:
        log = dict(rows.locked(con, workspace))
        now = self._clock()
        taken: list[Adding] = []
        known: set[str] = set()
        for one in waiting:
            if one.batch and (one.batch in known or rows.batch_known(con, log["id"], one.batch)):
                continue
            one.refused = rows.refusal(log, one.plains, now)
            if one.refused is None:
                known.add(one.batch)
                taken.append(one)
        numbers = rows.add(con, log, [entry for one in taken for entry in one.plains], now)
        self._fresh_since[workspace] = rows.fresh_since(log) or now
        first = numbers.start
        for one in taken:
            one.numbers = range(first, first + len(one.plains))
            first = one.numbers.stop
        most, call = self._full.get(workspace, (0, None))
        if call is not None and numbers.stop - 1 - log["anchored"] >= most:
            call()

    def when_full(self, workspace: str, most: int, call: Callable[[], None]) -> None:
        """Call somebody whenever so many records or more are under no checkpoint.

        Args:
            call: is called while a record is being added, maybe a moment before it is durable; it
                must not wait.
        """
        self._full[workspace] = (most, call)

    def check(self, workspace: str) -> None:
        """That somebody may be given something: before it is worked for, and cheaply.

        Whether it is given is decided once more when it is added to the log.

        Raises:
            CatalogError: `audit_overdue`, `audit_stamp_overdue`.
        """
        since = self._fresh_since.get(workspace)
        if since is not None and self._clock() - since < AT_LEAST:
            return
        late = self.overdue(workspace)
        if late is not None:
            raise late

    def overdue(self, workspace: str) -> CatalogError | None:
        """Why nobody is given anything at present: `audit_overdue` or `audit_stamp_overdue`."""
        with self._reading() as con:
            found = con.execute(select(LOG).where(LOG.c.workspace == workspace)).mappings().first()
        if found is None:
            return None
        late, since = rows.overdue(found, self._clock()), rows.fresh_since(found)
        if late is None and since is not None:
            self._fresh_since[workspace] = since
        return late

    def keep_anchored(
        self, workspace: str, overdue_seconds: int, stamp_overdue_seconds: int | None = None
    ) -> None:
        """From now on, accesses are refused while a record is older that no checkpoint covers.

        Args:
            stamp_overdue_seconds: the same of timestamps; None: they are no condition.
        """
        wanted = {
            "overdue_seconds": overdue_seconds,
            "stamp_overdue_seconds": stamp_overdue_seconds,
        }
        with self._writing() as con:
            log = rows.locked(con, workspace)
            if any(log[name] != value for name, value in wanted.items()):
                con.execute(update(LOG).where(LOG.c.id == log["id"]).values(**wanted))
        self._fresh_since.pop(workspace, None)

    # Reading

    def state(self, workspace: str) -> LogState | None:
        """Where a workspace's log ends; None where it has none."""
        with self._reading() as con:
            found = con.execute(select(LOG).where(LOG.c.workspace == workspace)).mappings().first()
            if found is None:
                return None
            highest = select(func.max(RECORD.c.sequence)).where(RECORD.c.log_id == found["id"])
            last = con.scalar(highest) or 0
        values = {name: found[name] for name in OF_STATE}
        return LogState(id=found["log"], last=last, **values)

    def newest(
        self,
        workspace: str,
        *,
        actor: str | None = None,
        action: Action | None = None,
        subject: str | None = None,
        under: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Logged]:
        """Records, the newest first.

        Args:
            since, until: written at or after, and before, these moments.
            before: only those with lower numbers: the next page begins before this one's last.
            limit: how many at most.
        """
        wanted = {"actor": actor, "action": action, "subject": subject, "under": under}
        with self._reading() as con:
            log_id = con.scalar(select(LOG.c.id).where(LOG.c.workspace == workspace))
            if log_id is None:
                return []
            here = [RECORD.c.log_id == log_id, *_between(con, log_id, since, until)]
            if before is not None:
                here.append(RECORD.c.sequence < before)
            here += [RECORD.c[name] == value for name, value in wanted.items() if value is not None]
            query = select(RECORD).where(*here).order_by(RECORD.c.sequence.desc()).limit(limit)
            return [_logged(dict(row)) for row in con.execute(query).mappings()]

    def one(self, workspace: str, sequence: int) -> Logged | None:
        """The record of a number."""
        found = self.newest(workspace, before=sequence + 1, limit=1)
        return found[0] if found and found[0].sequence == sequence else None

    def entries(
        self, workspace: str, first: int = 1, last: int | None = None
    ) -> Iterator[tuple[dict[str, Any], str]]:
        """What is hashed of each record, with the hash that is kept for it, the first first.

        It holds no more than some thousand records, and no transaction between them.
        """
        state = self.state(workspace)
        end = last if last is not None else (0 if state is None else state.size)
        while first <= end:
            found = self._some(workspace, first, end)
            for row in found:
                yield rows.entry_of(row), row["hash"]
            if not found:
                return
            first = found[-1]["sequence"] + 1

    def _some(self, workspace: str, first: int, last: int) -> list[Mapping[str, Any]]:
        owner = select(LOG.c.id).where(LOG.c.workspace == workspace).scalar_subquery()
        here = (RECORD.c.log_id == owner, RECORD.c.sequence.between(first, last))
        query = select(RECORD).where(*here).order_by(RECORD.c.sequence).limit(STREAMED)
        with self._reading() as con:
            return [dict(row) for row in con.execute(query).mappings()]


def adding(workspace: str, records: Iterable[AuditRecord], batch: str = "") -> Adding:
    """Records as they are kept.

    Raises:
        ValueError: a time has no zone.
    """
    return Adding(workspace, [{**plain(record), "batch": batch} for record in records], batch)


def _between(
    con: Connection, log_id: int, since: datetime | None, until: datetime | None
) -> list[ColumnElement[bool]]:
    """Times as numbers: a record that was written later has a higher one."""
    found: list[ColumnElement[bool]] = []
    here = RECORD.c.log_id == log_id
    if since is not None:
        least = select(func.min(RECORD.c.sequence)).where(here, RECORD.c.recorded_at >= since)
        number = con.scalar(least)
        found.append(RECORD.c.sequence >= number if number is not None else RECORD.c.sequence < 0)
    if until is not None:
        first = select(func.min(RECORD.c.sequence)).where(here, RECORD.c.recorded_at >= until)
        number = con.scalar(first)
        found += [] if number is None else [RECORD.c.sequence < number]
    return found


def _logged(row: Mapping[str, Any]) -> Logged:
    entry = rows.entry_of(row)
    return Logged(row["sequence"], row["recorded_at"], record_of(entry), row["hash"])
