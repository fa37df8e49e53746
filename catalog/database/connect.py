"""Engines for SQLite and PostgreSQL that behave alike: durable, with foreign keys, patient.

Writers on SQLite take the write lock when they begin (a transaction that upgrades from reading
would fail at once instead of waiting); readers see one state for the whole of a transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from catalog.errors import CatalogError

BUSY_SECONDS = 30
WRITES = "citybrain_writes"
_NUL = ("NUL (0x00)", "\\u0000 cannot be converted")  # how psycopg and PostgreSQL refuse it


def parse_url(url: str) -> URL:
    """The URL with the driver we use.

    Raises:
        CatalogError: `database_url`, when it is no URL of a SQLite file or a PostgreSQL database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise CatalogError("database_url", url=url) from error
    backend = parsed.drivername.partition("+")[0]
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite+pysqlite")
    raise CatalogError("database_url", url=shown(parsed))


def shown(url: URL) -> str:
    """The URL for people: without its password."""
    return url.render_as_string(hide_password=True)


@contextmanager
def database_errors(url: URL, code: str = "database_failed") -> Iterator[None]:
    """Turn the driver's errors into ours, with the URL and what the database said.

    A text with NUL, which PostgreSQL neither stores nor looks for, is its sender's fault: `text_nul`.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise CatalogError("database_driver", url=shown(url), module=error.name) from error
    except (SQLAlchemyError, OSError) as error:
        said = str(getattr(error, "orig", None) or error).strip()
        if isinstance(error, DBAPIError) and any(one in said for one in _NUL):
            raise CatalogError("text_nul") from error
        raise CatalogError(code, url=shown(url), problem=said) from error


def make_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """An engine; `foreign_keys` False is for migrations of SQLite, which rebuild tables."""
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True)
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    # Without an isolation level the driver leaves transactions to us: see `_begin`.
    arguments = {"timeout": BUSY_SECONDS, "isolation_level": None}
    engine = create_engine(url, connect_args=arguments)
    event.listen(engine, "begin", _begin)
    if foreign_keys:
        event.listen(engine, "connect", _enforce_foreign_keys)
    return engine


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _enforce_foreign_keys(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # INSERT OR REPLACE removes rows; only so do the triggers see it that refuse to.
    connection.execute("PRAGMA recursive_triggers = ON")


def reading(engine: Engine) -> Engine:
    """The same engine for transactions that read one consistent state."""
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        return engine.execution_options(**options)
    return engine


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write."""
    return engine.execution_options(**{WRITES: True})
