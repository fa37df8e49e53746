"""Spark for the length of one run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.contract import Contract
from pipelines.errors import PipelineError

if TYPE_CHECKING:
    from pipelines.home import Home
    from pipelines.workspace import Workspace

DUCKDB, SPARK = "duckdb", "spark"


@dataclass(frozen=True, slots=True)
class SparkEngine:
    """An open session and what its steps need to know.

    Attributes:
        contracts: every contract of the workspace, by table.
        scratch: folder that the driver, the workers and this process all reach; parts of results
            are written there before they are moved beside the table's other files.
        opened: the sessions of single steps, each with views and functions of its own.
    """

    session: Any
    contracts: Mapping[str, Contract]
    scratch: Path
    opened: list[Any] = field(default_factory=list)

    def own_session(self) -> Any:
        """A session for one step."""
        from pipelines.spark.session import own_session

        self.opened.append(own_session(self.session))
        return self.opened[-1]


def engine_kind(workspace: Workspace, wanted: str | None) -> str:
    """Which engine a run uses.

    Args:
        wanted: the command's choice; unset, that of `workspace.toml`.

    Raises:
        PipelineError: `spark_not_portable`, `spark_missing`, `spark_java`: before anything runs.
    """
    settings = workspace.settings.engine
    kind = wanted or settings.kind
    if kind == SPARK:
        from pipelines.spark.session import require_java, require_pyspark

        if not settings.portable:
            raise PipelineError("spark_not_portable")
        require_pyspark()
        if settings.remote is None:
            require_java()
    return kind


@contextmanager
def engine_of(
    kind: str, workspace: Workspace, home: Home, scratch: Path | None = None
) -> Iterator[SparkEngine | None]:
    """The Spark of one run; None when DuckDB computes it.

    Args:
        scratch: for who is no run; None: the run's folder, which is emptied when one starts.

    Raises:
        PipelineError: `spark_unreachable`.
    """
    if kind != SPARK:
        yield None
        return
    from pyspark.sql import SparkSession

    from pipelines.spark.session import open_session

    settings = workspace.settings.engine
    mine = settings.remote is not None or SparkSession.getActiveSession() is None
    scratch = (scratch or home.scratch) / "spark"
    scratch.mkdir(parents=True, exist_ok=True)
    session = open_session(
        settings.master,
        remote=settings.remote,
        memory=_java_size(settings.memory),
        scratch=scratch,
    )
    engine = SparkEngine(session, workspace.contracts, scratch)
    try:
        yield engine
    finally:
        if settings.remote is not None:
            # One that is left to the end of the interpreter waits there for its closed channel.
            for one in engine.opened:
                one.stop()
            engine.opened.clear()
            os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)
        if mine:
            session.stop()


def _java_size(memory: str) -> str:
    """`3GB` as Java writes it; a fraction in megabytes."""
    number, unit = float(memory[:-2]), memory[-2:]
    return f"{int(number * (1024 if unit == 'GB' else 1))}m"
