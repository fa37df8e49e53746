"""What tests do with a whole catalogue database, wherever they keep it: copy it, lose it, read it raw."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.on_postgres.sitecustomize import SERVER, create, database_of, drop, dump

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from catalog.database import CatalogStore

AUDIT_TABLES = ("audit_record", "audit_node", "audit_checkpoint")


def unprotect(con: Connection, table: str) -> None:
    """Drop the triggers that keep a table's rows as they are, as who may do that can."""
    from sqlalchemy import text

    sqlite = con.dialect.name == "sqlite"
    for name in ("update", "delete") if sqlite else ("rows", "whole"):
        on = "" if sqlite else f" ON {table}"
        con.execute(text(f"DROP TRIGGER IF EXISTS {table}_{name}{on}"))


def forced(store: CatalogStore, statement: str) -> None:
    """Change the audit log as somebody may who may drop triggers."""
    from sqlalchemy import text

    with store._writing() as con:
        for table in AUDIT_TABLES:
            unprotect(con, table)
        con.execute(text(statement))


def copy_database(source: Path, target: Path) -> None:
    """Copy the database at a path, on which nobody works now, wherever the tests keep it."""
    server = os.environ.get(SERVER)
    if server is not None:
        create(server, database_of(target), template=database_of(source))
        return
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)


def lose_database(path: Path) -> None:
    """Let the database at a path be gone, as if somebody had removed it."""
    server = os.environ.get(SERVER)
    if server is not None:
        drop(server, database_of(path))
        return
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def content(path: Path) -> bytes:
    """All that is kept in the database at a path, as its files or a dump hold it."""
    server = os.environ.get(SERVER)
    if server is not None:
        return b"".join(dump(server, database_of(path)).values())
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
