"""Where the state of a workspace is kept, and who may change it."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.compilecache import PARTIAL_NAMES
from pipelines.errors import PipelineError
from pipelines.lake import Lake

HOME_VARIABLE = "CITYBRAIN_HOME"
DATABASE_VARIABLE = "CITYBRAIN_DATABASE"
LAKE_CATALOG_VARIABLE = "CITYBRAIN_LAKE_CATALOG"


def home_dir() -> Path:
    """The folder of all state: `CITYBRAIN_HOME`, else `var/` beside the code."""
    chosen = os.environ.get(HOME_VARIABLE)
    return Path(chosen).resolve() if chosen else Path(__file__).resolve().parent.parent / "var"


@dataclass(frozen=True, slots=True)
class Home:
    """The state of one workspace."""

    root: Path

    @classmethod
    def of(cls, workspace: str) -> Home:
        """The state of the workspace called `workspace`."""
        return cls(home_dir() / workspace)

    @property
    def landing(self) -> Path:
        """What was received, unchanged, by content hash."""
        return self.root / "landing"

    @property
    def lake(self) -> Path:
        """The Iceberg tables."""
        return self.root / "lake"

    @property
    def docs(self) -> Path:
        """Data Docs for stewards."""
        return self.root / "data-docs"

    @property
    def lineage(self) -> Path:
        """Lineage events: one file a run, and what waits to be sent."""
        return self.root / "lineage"

    @property
    def scratch(self) -> Path:
        """Space of the run that holds the lock; emptied when a run starts."""
        return self.root / "scratch"

    @property
    def records(self) -> Path:
        """Rows by their code, as partners may see them (`sandbox.records`); may be deleted."""
        return self.root / "records"

    @property
    def exchange(self) -> Path:
        """Pages of snapshots as grants give them (`pipelines.exchange`); may be deleted."""
        return self.root / "exchange"

    @property
    def compiled(self) -> Path:
        """What compiling has found sound before (`pipelines.compilecache`); may be deleted."""
        return self.root / "compiled.cache"

    @property
    def search_index(self) -> Path:
        """The catalogue's search index (`pipelines.finding`); may be deleted."""
        return self.root / "search.idx"

    @property
    def database_url(self) -> str:
        """The catalogue database: `CITYBRAIN_DATABASE`, else SQLite beside the lake."""
        self.root.mkdir(parents=True, exist_ok=True)
        return os.environ.get(DATABASE_VARIABLE) or f"sqlite:///{self.root / 'catalog.db'}"

    @property
    def lake_catalog_url(self) -> str | None:
        """The Iceberg catalogue's database, when it is not the embedded one."""
        return os.environ.get(LAKE_CATALOG_VARIABLE)

    def open_lake(self) -> Lake:
        """The workspace's lake, to be closed by the caller."""
        return Lake(self.lake, self.lake_catalog_url, self.root.name)

    @contextmanager
    def lock(self, workspace: str, wait: float = 0) -> Iterator[None]:
        """Hold the workspace: one writer at a time. The system frees it when the process dies.

        Args:
            wait: how many seconds to wait for another writer to end.

        Raises:
            PipelineError: `locked`, naming the holder.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / "run.lock")
        owner = self.root / "run.owner.json"
        try:
            lock.acquire(timeout=wait)
        except Timeout as error:
            raise _locked(workspace, owner) from error
        try:
            owner.write_text(json.dumps(_me()), "utf-8")
            self._sweep()
            self.scratch.mkdir(parents=True, exist_ok=True)
            yield
        finally:
            owner.unlink(missing_ok=True)
            shutil.rmtree(self.scratch, ignore_errors=True)
            lock.release()

    def _sweep(self) -> None:
        """Remove what a killed process left: its scratch space and half-written files."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        for partial in (*self.landing.glob(".incoming-*"), *self.root.glob(PARTIAL_NAMES)):
            partial.unlink(missing_ok=True)


def _me() -> dict[str, str | int]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": since}


def _locked(workspace: str, owner: Path) -> PipelineError:
    try:
        who = json.loads(owner.read_text("utf-8"))
    except (OSError, ValueError):
        who = {"pid": "?", "host": "?", "since": "?"}  # the holder is between lock and note
    return PipelineError("locked", workspace=workspace, **who)
