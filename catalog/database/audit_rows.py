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
_ADD = insert(RECORD)
_LOCK = select(LOG).where(LOG.c.workspace == bindparam("asked")).with_for_update()
_END = (
    update(LOG)
    .where(LOG.c.id == bindparam("asked"))
    .values({name: bindparam(f"new_{name}") for name in ("size", "head", "last_at", "open_since")})
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


def overdue(log: Mapping[str, Any] | RowMapping, now: datetime) -> bool:
    """Whether the oldest record that no checkpoint covers is older than it may be."""
    since, limit = log["open_since"], log["overdue_seconds"]
    if since is None or limit is None:
        return False
    return bool(now - since > timedelta(seconds=limit))


def refusal(log: Mapping[str, Any], plains: Iterable[Plain], now: datetime) -> CatalogError | None:
    """Why records cannot be added: somebody is to be given something, and anchoring is overdue."""
    given = any(one["action"] in ACCESSES and one["outcome"] == DONE for one in plains)
    return too_late(log) if given and overdue(log, now) else None


def too_late(log: Mapping[str, Any] | RowMapping) -> CatalogError:
    """That nothing is given."""
    since = log["open_since"].isoformat(timespec="seconds")
    return CatalogError("audit_overdue", workspace=log["workspace"], since=since)


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
