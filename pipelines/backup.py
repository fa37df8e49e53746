"""Backups of what a lost file could not be made again from: the catalogue database and the lake's.

Both are copied while the workspace is held, so that they tell of the same moment. Data files and the
landing are never changed once written, and are for the file system's own backup.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, make_url

from catalog.database import connect
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.workspace import Workspace

FOLDER = "backup"


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup: its folder, its files with their sizes in bytes, and older ones that were removed."""

    folder: Path
    files: dict[str, int]
    removed: int


def back_up(
    workspace: Workspace, to: Path | None = None, keep: int = 14, wait: float = 0
) -> Backup:
    """Copy the catalogue database and the lake's catalogue.

    Args:
        to: folder of the backups; the workspace's own by default.
        keep: so many backups stay; older ones are removed.

    Raises:
        PipelineError: `locked`, `backup_failed`.
        CatalogError: `database_url`.
    """
    home = Home.of(workspace.name)
    root = to or home.root / FOLDER
    with home.lock(workspace.name, wait):
        target = root / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        part = target.with_name(f".{target.name}.part")
        part.mkdir(parents=True)
        try:
            files = {}
            for name, url in _databases(home):
                path = _dump(name, url, part)
                files[path.name] = path.stat().st_size
            os.replace(part, target)  # half a backup has no name
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return Backup(target, files, _remove_old(root, keep))


def _databases(home: Home) -> Iterator[tuple[str, URL]]:
    yield "catalog", connect.parse_url(home.database_url)
    yield "lake", make_url(home.lake_catalog_url or f"sqlite:///{home.lake / 'iceberg.db'}")


def _dump(name: str, url: URL, folder: Path) -> Path:
    if url.get_backend_name() == "sqlite":
        return _copy_sqlite(Path(url.database or ""), folder / f"{name}.db")
    return _dump_postgres(url, folder / f"{name}.dump")


def _copy_sqlite(source: Path, target: Path) -> Path:
    """A copy of one moment, that SQLite itself finds sound."""
    if not source.is_file():
        raise PipelineError("backup_failed", path=source, problem="no such file")
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            (verdict,) = new.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise PipelineError("backup_failed", path=source, problem=str(error)) from error
    if verdict != "ok":
        raise PipelineError("backup_failed", path=source, problem=str(verdict))
    return target


def _dump_postgres(url: URL, target: Path) -> Path:
    """A dump of one moment; the password goes by the environment, not by the command line."""
    plain = url.set(drivername="postgresql", password=None)
    command = ["pg_dump", "--format=custom", f"--file={target}", str(plain)]
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise PipelineError("backup_failed", path=plain, problem="no pg_dump here") from error
    if done.returncode != 0:
        raise PipelineError("backup_failed", path=plain, problem=done.stderr.strip())
    return target


def _remove_old(root: Path, keep: int) -> int:
    found = sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] != ".")
    old = found[: max(0, len(found) - keep)]
    for path in old:
        shutil.rmtree(path)
    return len(old)
