"""Opening: new, known, newer, foreign and unreachable databases; migrations agree with the code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, inspect, text

from catalog.database import CatalogStore, migrate
from catalog.database.connect import make_engine, parse_url, writing
from catalog.database.tables import Base
from catalog.errors import CatalogError

pytestmark = pytest.mark.usefixtures("migrations")


@pytest.fixture
def engine(database_url: str) -> Engine:
    return make_engine(parse_url(database_url))


def test_a_new_database_gets_the_newest_schema(database_url: str, engine: Engine) -> None:
    assert migrate.stored_revision(engine) is None
    CatalogStore.open(database_url).close()
    assert migrate.stored_revision(engine) == migrate.HEAD
    assert set(Base.metadata.tables) < set(inspect(engine).get_table_names())
    engine.dispose()


def test_migrations_and_tables_are_the_same(database_url: str, engine: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    CatalogStore.open(database_url).close()
    options = {"version_table": migrate.VERSION_TABLE, "compare_type": True}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
        checks = {name: _checks(connection, name) for name in Base.metadata.tables}
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
        assert {name: _checks(connection, name) for name in Base.metadata.tables} == checks
    assert len(checks["step"]) == 3
    engine.dispose()


def _checks(connection: Connection, table: str) -> dict[str | None, str]:
    """Check constraints, which Alembic does not compare."""
    constraints = inspect(connection).get_check_constraints(table)
    return {constraint["name"]: constraint["sqltext"] for constraint in constraints}


def test_a_downgrade_takes_every_table_away(database_url: str, engine: Engine) -> None:
    from alembic import command

    CatalogStore.open(database_url).close()
    with writing(engine).begin() as connection:
        command.downgrade(migrate.alembic_config(connection), "base")
    assert inspect(engine).get_table_names() == [migrate.VERSION_TABLE]
    engine.dispose()
    CatalogStore.open(database_url).close()


def test_head_names_the_newest_migration(database_url: str, engine: Engine) -> None:
    from alembic.script import ScriptDirectory

    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(migrate.alembic_config(connection))
        assert scripts.get_heads() == [migrate.HEAD]
    engine.dispose()


def test_a_known_database_is_opened_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    CatalogStore.open(url).close()
    code = (
        "import sys, catalog.database\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        f"catalog.database.CatalogStore.open({url!r}).close()\n"
        "assert 'alembic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_newer_database_is_refused(database_url: str, engine: Engine) -> None:
    CatalogStore.open(database_url).close()
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(CatalogError) as error:
        CatalogStore.open(database_url)
    assert error.value.code == "database_newer"
    assert error.value.fields["stored"] == "9999"
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing_behind(database_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE step (their_own integer)"))
    with pytest.raises(CatalogError) as error:
        CatalogStore.open(database_url)
    assert error.value.code == "database_migration"
    assert inspect(engine).get_table_names() == ["step"]
    engine.dispose()


def test_other_tables_may_live_beside_ours(database_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE iceberg_tables (name text)"))
    CatalogStore.open(database_url).close()
    assert "iceberg_tables" in inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.sqlite_files
def test_sqlite_is_durable_and_enforces_references(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    CatalogStore.open(url).close()
    store = CatalogStore.open(url)
    with store._read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA synchronous")) == 2
        assert session.scalar(text("PRAGMA busy_timeout")) == 30_000
    store.close()


@pytest.mark.parametrize(
    "url", ["catalog.db", "mysql://root:secret@host/db", "sqlite://", "sqlite:///:memory:"]
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(CatalogError) as error:
        CatalogStore.open(url)
    assert error.value.code == "database_url"
    assert "secret" not in str(error.value.fields)


def test_an_unreachable_server_is_named_without_its_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(CatalogError) as error:
        CatalogStore.open("postgresql://me:secret@127.0.0.1:1/db")
    assert error.value.code == "database_unreachable"
    assert "secret" not in str(error.value.fields)


@pytest.mark.sqlite_files
def test_a_file_where_none_can_be_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogError) as error:
        CatalogStore.open(f"sqlite:///{tmp_path}/file/catalog.db")
    assert error.value.code == "database_unreachable"
