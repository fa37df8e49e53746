"""Real database servers for tests, in temporary folders on free ports.

Import the fixtures into a `conftest.py`:

    from tests.servers import mariadb, postgres

Both are session-wide; `url(database)` creates an empty database and gives its SQLAlchemy URL. That of
PostgreSQL has `catalogue(database)` too, which is quicker than migrating an empty one.
A test is skipped only where the server is not installed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from catalog.database import migrate
from catalog.database.connect import parse_url

START_SECONDS = 30
READY = "catalogue_ready"  # the database that new catalogue databases are copies of
POSTGRES_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _program(name: str, folders: list[Path]) -> str | None:
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", ""), "/usr/sbin"])
    return shutil.which(name, path=path)


@dataclass
class PostgresServer:
    """A PostgreSQL server without passwords, superuser `postgres`."""

    port: int
    process: subprocess.Popen[bytes]
    databases: set[str] = field(default_factory=set)

    def url(self, database: str) -> str:
        """The URL of a database, created on first use."""
        if database not in self.databases:
            self.execute("postgres", f'CREATE DATABASE "{database}"')
            self.databases.add(database)
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def catalogue(self, database: str) -> str:
        """The URL of a catalogue database without a row, created on first use."""
        if READY not in self.databases:
            migrate.migrate(parse_url(self.url(READY)))
        if database not in self.databases:
            self.execute("postgres", f'CREATE DATABASE "{database}" TEMPLATE "{READY}"')
            self.databases.add(database)
        return self.url(database)

    def execute(self, database: str, *statements: str) -> list[Any]:
        """Run statements, each on its own; the rows of the last one, if any."""
        import psycopg

        url = f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            for statement in statements:
                cursor = connection.execute(statement)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []


@dataclass
class MariaServer:
    """A MariaDB server, user `root` without a password."""

    port: int
    process: subprocess.Popen[bytes]
    databases: set[str] = field(default_factory=set)

    def url(self, database: str) -> str:
        """The URL of a database, created on first use."""
        if database not in self.databases:
            self.execute(None, f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4")
            self.databases.add(database)
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{database}?charset=utf8mb4"

    def execute(self, database: str | None, *statements: str) -> list[Any]:
        """Run statements, each on its own; the rows of the last one."""
        import pymysql

        connection = pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="root",
            database=database,
            autocommit=True,
        )
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL server."""
    initdb, binary = (_program(n, POSTGRES_FOLDERS) for n in ("initdb", "postgres"))
    if initdb is None or binary is None:
        pytest.skip("PostgreSQL is not installed (no initdb and postgres)")
    with _folder("postgres") as folder:
        yield from _run_postgres(folder, initdb, binary)


def _run_postgres(folder: Path, initdb: str, binary: str) -> Iterator[PostgresServer]:
    data = folder / "data"
    as_user = _as_user("postgres", folder)
    init = [
        initdb,
        "-D",
        str(data),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    _check([*as_user, *init, "--locale=C.UTF-8"])
    port = free_port()
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
    }
    settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
    command = [*as_user, binary, "-D", str(data), "-p", str(port), *settings]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    server = PostgresServer(port, process)
    try:
        _wait(lambda: server.execute("postgres", "SELECT 1"), process, folder / "log")
        yield server
    finally:
        # At once: no waiting for clients, no checkpoint of files that are thrown away.
        _stop(process, signal.SIGQUIT)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaServer]:
    """A running MariaDB server."""
    install, binary = (_program(n, []) for n in ("mariadb-install-db", "mariadbd"))
    if install is None or binary is None:
        pytest.skip("MariaDB is not installed (no mariadb-install-db and mariadbd)")
    with _folder("mariadb") as folder:
        yield from _run_mariadb(folder, install, binary)


def _run_mariadb(folder: Path, install: str, binary: str) -> Iterator[MariaServer]:
    data, socket_path = folder / "data", folder / "s"
    user = pwd.getpwuid(os.getuid()).pw_name
    auth = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    _check([install, "--no-defaults", f"--datadir={data}", f"--user={user}", *auth])
    port = free_port()
    net = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={socket_path}"]
    light = ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"]
    command = [
        binary,
        "--no-defaults",
        f"--datadir={data}",
        f"--user={user}",
        *net,
        *light,
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    server = MariaServer(port, process)
    try:
        _wait(lambda: server.execute(None, "SELECT 1"), process, folder / "log")
        yield server
    finally:
        _stop(process)


def _as_user(name: str, folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: run it as its own user, who then owns the folder."""
    if os.getuid() != 0:
        return []
    try:
        account = pwd.getpwnam(name)
    except KeyError:
        account = pwd.getpwnam("nobody")
    os.chown(folder, account.pw_uid, account.pw_gid)
    return [
        "setpriv",
        f"--reuid={account.pw_uid}",
        f"--regid={account.pw_gid}",
        "--clear-groups",
    ]


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """A short path of our own: pytest closes its folders to other users, again at every start."""
    with tempfile.TemporaryDirectory(prefix=f"citybrain-{name}-", dir="/tmp") as folder:
        yield Path(folder)


def _check(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}\n{done.stderr}")


def _wait(ready: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            ready()
            return
        except Exception as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{log.read_text()}") from error
            time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(how)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
