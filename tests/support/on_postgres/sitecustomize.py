"""Every SQLite catalogue database is one of a PostgreSQL server instead, in all processes of a test run.

`pytest --postgres` starts the server and names it in the environment; Python loads this module at the
start of each process whose `PYTHONPATH` leads here. What the program itself does is not changed but for
one function: the one that reads a database's URL.
"""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

SERVER = "CITYBRAIN_TESTS_POSTGRES"
TEMPLATE = "CITYBRAIN_TESTS_TEMPLATE"  # the database that new ones are copies of
MODULE = "catalog.database.connect"


def redirect(module: ModuleType) -> None:
    """Let `parse_url` of `catalog.database.connect` lead to the server."""
    parse = module.parse_url

    def parse_url(url: str) -> Any:
        parsed = parse(url)
        server = os.environ.get(SERVER)
        if server is None or parsed.get_backend_name() != "sqlite":
            return parsed
        name = database_of(Path(parsed.database))
        create(server, name, os.environ.get(TEMPLATE, "template1"))
        return parse(f"{server}/{name}")

    module.parse_url = parse_url  # type: ignore[attr-defined]


def database_of(path: Path) -> str:
    """The database of the server that stands for a SQLite file."""
    return f"t{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]}"


def create(server: str, name: str, template: str = "template1") -> None:
    """Make a database where there is none of that name."""
    import psycopg
    from psycopg import errors

    with psycopg.connect(f"{server}/postgres", autocommit=True) as con:
        if con.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        try:
            con.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')  # type: ignore[arg-type]
        except (errors.DuplicateDatabase, errors.UniqueViolation):  # another process was first
            return


def drop(server: str, name: str) -> None:
    """Remove a database, whoever is connected."""
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True) as con:
        con.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]


def dump(server: str, name: str) -> dict[str, bytes]:
    """All rows of a database as text, by table."""
    import psycopg
    from psycopg import sql

    found = {}
    with psycopg.connect(f"{server}/{name}") as con:
        tables = con.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables.fetchall():
            copying = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
            with con.cursor().copy(copying) as rows:
                found[table] = b"".join(bytes(part) for part in rows)
    return found


def put_back(server: str, name: str, dumped: Mapping[str, bytes]) -> None:
    """Let a database have the rows of a dump of it again, whatever its triggers say to that."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(f"{server}/{name}") as con:
        con.execute("SET session_replication_role = replica")
        for table, rows in dumped.items():
            con.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            copying = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
            with con.cursor().copy(copying) as into:
                into.write(rows)


class _Finder(importlib.abc.MetaPathFinder):
    """Waits for the module: importing it here would make every process load SQLAlchemy."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != MODULE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                redirect(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if SERVER in os.environ and MODULE not in sys.modules:
    sys.meta_path.insert(0, _Finder())
