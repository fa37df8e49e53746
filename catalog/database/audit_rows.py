"""The statements of the audit log: lock it, add to it, read it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog.audit.entries import ACCESSES, moment
from catalog.audit.offline import canonical, first_hash, link
from catalog.audit.record import DONE
from catalog.database import tables as t
from catalog.database.audit_tables import AuditLogRow, AuditRecordRow
from catalog.errors import CatalogError

LOG = t.table_of(AuditLogRow)
RECORD = t.table_of(AuditRecordRow)
OF_ENTRY = (
    "actor", "action", "subject", "outcome", "under", "purpose", "fields", "rows", "snapshot",
    "detail", "batch",
)  # fmt: skip
_AT_THE_END = ("size", "head", "last_at", "open_since", "unstamped_since")
_ADD = insert(RECORD)
_LOCK = select(LOG).where(LOG.c.workspace == bindparam("asked")).with_for_update()
_END = (
    update(LOG)
    .where(LOG.c.id == bindparam("asked"))
    .values({name: bindparam(f"new_{name}") for name in _AT_THE_END})
)
Plain = dict[str, Any]


def locked(con: Connection, workspace: str) -> RowMapping:
    """A workspace's log, new or known, locked until the transaction ends."""
    found = con.execute(_LOCK, {"asked": workspace}).mappings().one_or_none()
    if found is not None:
        return found
    dialect = postgresql if con.dialect.name == "postgresql" else sqlite
    log = f"{workspace}/{secrets.token_hex(16)}"
    row = {"workspace": workspace, "log": log, "size": 0, "head": first_hash(log).hex()}
    add = dialect.insert(LOG).values(**row, anchored=0)
    con.execute(add.on_conflict_do_nothing(index_elements=["workspace"]))
    return con.execute(_LOCK, {"asked": workspace}).mappings().one()


def overdue(log: Mapping[str, Any] | RowMapping, now: datetime) -> CatalogError | None:
    """Why nothing is given: the oldest record that no checkpoint covers, or no timestamp, is older
    than it may be. None while that is not so."""
    for code, since, limit in (
        ("audit_overdue", log["open_since"], log["overdue_seconds"]),
        ("audit_stamp_overdue", log["unstamped_since"], log["stamp_overdue_seconds"]),
    ):
        if since is not None and limit is not None and now - since > timedelta(seconds=limit):
            told = since.isoformat(timespec="seconds")
            return CatalogError(code, workspace=log["workspace"], since=told)
    return None


def fresh_since(log: Mapping[str, Any] | RowMapping) -> datetime | None:
    """When the oldest record was written because of which a log may get overdue."""
    found: list[datetime] = [] if log["open_since"] is None else [log["open_since"]]
    if log["stamp_overdue_seconds"] is not None and log["unstamped_since"] is not None:
        found.append(log["unstamped_since"])
    return min(found, default=None)


def refusal(log: Mapping[str, Any], plains: Iterable[Plain], now: datetime) -> CatalogError | None:
    """Why records cannot be added: somebody is to be given something, and the log is overdue."""
    given = any(one["action"] in ACCESSES and one["outcome"] == DONE for one in plains)
    return overdue(log, now) if given else None


def batch_known(con: Connection, log_id: int, batch: str) -> bool:
    """Whether a batch of this name was added before."""
    query = select(RECORD.c.sequence).where(RECORD.c.log_id == log_id, RECORD.c.batch == batch)
    return con.execute(query.where(RECORD.c.batch != "").limit(1)).first() is not None


def add(con: Connection, log: Mapping[str, Any], plains: Sequence[Plain], now: datetime) -> range:
    """Add records to a locked log; their numbers."""
    size, head = log["size"], bytes.fromhex(log["head"])
    now = now if log["last_at"] is None else max(now, log["last_at"])
    written = moment(now)
    rows = []
    for sequence, one in enumerate(plains, size + 1):
        entry = {**one, "sequence": sequence, "recorded_at": written}
        head = link(head, canonical(entry))
        values = {name: entry[name] for name in OF_ENTRY}
        values |= {"log_id": log["id"], "sequence": sequence, "recorded_at": now}
        values |= {"at": datetime.fromisoformat(entry["at"]), "hash": head.hex()}
        rows.append(values)
    end = {"new_size": size + len(rows), "new_head": head.hex(), "new_last_at": now}
    end |= {"asked": log["id"], "new_open_since": log["open_since"] or now}
    end["new_unstamped_since"] = log["unstamped_since"] or now
    if rows:
        con.execute(_ADD, rows)
        con.execute(_END, end)
    return range(size + 1, size + len(rows) + 1)


def entry_of(row: Mapping[str, Any]) -> Plain:
    """What was hashed of a stored record, as it is stored now."""
    entry = {name: row[name] for name in OF_ENTRY}
    entry |= {"sequence": row["sequence"], "at": moment(row["at"])}
    entry["recorded_at"] = moment(row["recorded_at"])
    return entry
