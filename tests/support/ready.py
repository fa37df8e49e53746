"""What most tests need again and again, made once: the tables of a new catalogue database.

Migrations are for databases that have rows, and their own tests; everybody else's new database is a
copy of one that the same migrations have made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL

from catalog.database import migrate
from catalog.database.connect import parse_url
from tests.servers import READY, PostgresServer
from tests.support.on_postgres.sitecustomize import TEMPLATE

_REAL = migrate.migrate


@contextmanager
def ready_tables(folder: Path, server: PostgresServer | None) -> Iterator[None]:
    """New databases are copies: SQLite's in this process, those on `server` in all that it starts too."""
    made = folder / "ready.db"
    with pytest.MonkeyPatch.context() as patch:
        if server is not None:
            server.catalogue("first")
            patch.setenv(TEMPLATE, READY)
        else:
            _REAL(parse_url(f"sqlite:///{made}"))
            patch.setattr(migrate, "migrate", lambda url, target="head": _copy(made, url, target))
        yield


@contextmanager
def real_migrations() -> Iterator[None]:
    """New databases have no tables again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "migrate", _REAL)
        patch.delenv(TEMPLATE, raising=False)
        yield


def _copy(made: Path, url: URL, target: str) -> None:
    if url.get_backend_name() != "sqlite" or target != "head":
        _REAL(url, target)
        return
    with migrate._file_lock(url), closing(sqlite3.connect(url.database or "")) as new:
        empty = new.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()[0]
        if empty:
            with closing(sqlite3.connect(made)) as ready:
                ready.backup(new)
    if not empty:
        _REAL(url, target)
