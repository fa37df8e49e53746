"""Bring a database to the newest schema, or find out cheaply that it is there already.

Alembic takes half a second to import, so it is imported only when a migration is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from catalog.database.connect import database_errors, make_engine, shown, writing
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0024"  # the newest file in migrations/versions; a test compares
VERSION_TABLE = "catalog_revision"  # not Alembic's default, which Airflow's database has too
MIGRATIONS = Path(__file__).parent / "migrations"
_POSTGRES_LOCK = 7_233_103_261_114_017  # any constant: the advisory lock of our migrations


def ensure_current(url: URL, engine: Engine) -> None:
    """Migrate if needed. Safe when several processes open a new database at once.

    Raises:
        CatalogError: `database_unreachable`, `database_driver`, `database_newer`,
            `database_migration`.
    """
    with database_errors(url, "database_unreachable"):
        if stored_revision(engine) == HEAD:
            return
    with database_errors(url, "database_migration"):
        migrate(url)


def stored_revision(engine: Engine) -> str | None:
    """The revision that the database says it has; None for a new one."""
    try:
        with engine.connect() as connection:
            return _read_revision(connection)
    except DBAPIError:
        if inspect(engine).has_table(VERSION_TABLE):
            raise
        return None


def _read_revision(connection: Connection) -> str | None:
    query = text(f"SELECT version_num FROM {VERSION_TABLE}")
    revision: str | None = connection.execute(query).scalar()
    return revision


def migrate(url: URL, target: str = "head") -> None:
    """Upgrade to `target` in one transaction, one process at a time."""
    engine = make_engine(url, foreign_keys=False)
    try:
        with _file_lock(url):
            _write_ahead_log(engine)
            with writing(engine).begin() as connection:
                _upgrade(connection, url, target)
    finally:
        engine.dispose()


def _upgrade(connection: Connection, url: URL, target: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_POSTGRES_LOCK})"))
    config = alembic_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    stored = _read_revision(connection) if inspect(connection).has_table(VERSION_TABLE) else None
    if stored is not None and stored not in known:
        raise CatalogError("database_newer", url=shown(url), stored=stored, known=max(known))
    command.upgrade(config, target)
    _check_foreign_keys(connection, url)


def _check_foreign_keys(connection: Connection, url: URL) -> None:
    """SQLite did not enforce them while tables were rebuilt."""
    if connection.dialect.name != "sqlite":
        return
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        tables = ", ".join(sorted({str(row[0]) for row in broken}))
        problem = f"foreign keys without a row in: {tables}"
        raise CatalogError("database_migration", url=shown(url), problem=problem)


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration without an ini file; `env.py` takes the connection from it."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "r%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _file_lock(url: URL) -> Iterator[None]:
    """SQLite cannot wait for its own switch to the write-ahead log, so a lock file waits."""
    if url.get_backend_name() != "sqlite":
        yield
        return
    from filelock import FileLock

    with FileLock(f"{url.database}.lock", timeout=60):
        yield


def _write_ahead_log(engine: Engine) -> None:
    """Switch a SQLite file to WAL, which it then remembers; outside of any transaction."""
    if engine.dialect.name != "sqlite":
        return
    raw = engine.raw_connection()
    try:
        # An answer that is not fetched would keep the file locked.
        raw.cursor().execute("PRAGMA journal_mode = WAL").fetchall()
    finally:
        raw.close()
