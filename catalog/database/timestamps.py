"""Timestamps of audit logs' checkpoints, as authorities gave them; see `catalog.audit.timestamps`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, Select, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog.audit.checkpoints import Checkpoint
from catalog.audit.timestamps import Timestamp
from catalog.database import tables as t
from catalog.database.audit_rows import LOG, RECORD
from catalog.database.audit_tables import AuditCheckpointRow, AuditTimestampRow

Reading = Callable[[], AbstractContextManager[Connection]]
CHECKPOINT = t.table_of(AuditCheckpointRow)
TIMESTAMP = t.table_of(AuditTimestampRow)
STREAMED = 200  # tokens that are read at once; one has some thousand bytes


class Timestamps:
    """The timestamps of every workspace's audit log; every method is one transaction."""

    def __init__(self, reading: Reading, writing: Reading, clock: Callable[[], datetime]) -> None:
        self._reading = reading
        self._writing = writing
        self._clock = clock

    def add(self, workspace: str, checkpoint: Checkpoint, at: datetime, token: bytes) -> None:
        """Keep a token; of two for one checkpoint the first. The log is locked only for that."""
        with self._writing() as con:
            dialect = postgresql if con.dialect.name == "postgresql" else sqlite
            query = select(LOG.c.id).where(
                LOG.c.workspace == workspace, LOG.c.log == checkpoint.log
            )
            log_id = con.execute(query.with_for_update()).scalar_one()
            row = {"log_id": log_id, "checkpoint": checkpoint.number}
            row |= {"at": at, "recorded_at": self._clock(), "token": token}
            add = dialect.insert(TIMESTAMP).values(**row)
            con.execute(add.on_conflict_do_nothing(index_elements=["log_id", "checkpoint"]))
            since = con.scalar(_first_uncovered(log_id))
            con.execute(update(LOG).where(LOG.c.id == log_id).values(unstamped_since=since))

    def last(self, workspace: str) -> Timestamp | None:
        """That of the newest checkpoint which has one."""
        query = _of(workspace).order_by(TIMESTAMP.c.checkpoint.desc()).limit(1)
        with self._reading() as con:
            row = con.execute(query).first()
            return None if row is None else Timestamp(row.checkpoint, row.at, row.token)

    def has(self, workspace: str, checkpoint: int) -> bool:
        """Whether a checkpoint has one."""
        with self._reading() as con:
            query = _of(workspace).where(TIMESTAMP.c.checkpoint == checkpoint)
            return con.execute(query).first() is not None

    def each(self, workspace: str) -> Iterator[Timestamp]:
        """Every one that there is now, the first first, some hundred in memory at a time."""
        newest = self.last(workspace)
        done, end = -1, newest.checkpoint if newest else -1
        while done < end:
            here = TIMESTAMP.c.checkpoint.between(done + 1, end)
            query = _of(workspace).where(here).order_by(TIMESTAMP.c.checkpoint).limit(STREAMED)
            with self._reading() as con:
                found = [Timestamp(row.checkpoint, row.at, row.token) for row in con.execute(query)]
            yield from found
            done = found[-1].checkpoint if found else end


def _first_uncovered(log_id: int) -> Select[tuple[datetime]]:
    """When the first record was written that no timestamp covers; a checkpoint covers all before."""
    same = (CHECKPOINT.c.log_id == log_id) & (TIMESTAMP.c.log_id == log_id)
    covered = (
        select(func.coalesce(func.max(CHECKPOINT.c.size), 0))
        .join(TIMESTAMP, same & (TIMESTAMP.c.checkpoint == CHECKPOINT.c.number))
        .scalar_subquery()
    )
    here = (RECORD.c.log_id == log_id, RECORD.c.sequence == covered + 1)
    return select(RECORD.c.recorded_at).where(*here)


def _of(workspace: str) -> Select[tuple[int, datetime, bytes]]:
    return (
        select(TIMESTAMP.c.checkpoint, TIMESTAMP.c.at, TIMESTAMP.c.token)
        .join(LOG, LOG.c.id == TIMESTAMP.c.log_id)
        .where(LOG.c.workspace == workspace)
    )
