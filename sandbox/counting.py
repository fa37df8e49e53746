"""The exact side of a question: bounded counts and sums of pinned snapshots, on either engine.

What comes out has one row a group. It is exact, so it goes to `sandbox.release` and nowhere else.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.duck import Budget, connection, create_views, snapshot_sql
from pipelines.errors import PipelineError
from pipelines.lake import Snapshot
from sandbox.errors import SandboxError
from sandbox.plan import Piece, Plan
from sandbox.statement import bins_sql, counting_sql
from sandbox.watch import Watch

if TYPE_CHECKING:
    from pipelines.spark.engine import SparkEngine

Group = tuple[Any, ...]
Rows = Callable[[str], Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Exact:
    """Exact numbers by group.

    Attributes:
        counted: in the order of the plan's pieces that are not `bins`.
        bins: rows by candidate, for the pieces that are.
    """

    counted: Mapping[Group, Sequence[int]]
    bins: Mapping[Piece, Mapping[Group, Mapping[int, int]]]


def count_on_duckdb(
    plan: Plan, snapshots: Mapping[str, Snapshot], budget: Budget, watch: Watch | None = None
) -> Exact:
    """Count with DuckDB.

    Raises:
        SandboxError: `engine_failed`, the same whatever went wrong: what an engine says may quote
            rows; `query_cancelled`.
    """
    try:
        with connection(budget) as con:
            create_views(con, {name: snapshot_sql(s) for name, s in snapshots.items()})
            con.execute("SET enable_progress_bar = true")
            con.execute("SET enable_progress_bar_print = false")
            with (watch or Watch()).counting(con.interrupt, lambda: _progress(con)):
                return counted(plan, lambda sql: con.execute(sql).fetchall())
    except (duckdb.Error, PipelineError, MemoryError):
        raise SandboxError("engine_failed") from None


def _progress(con: duckdb.DuckDBPyConnection) -> float | None:
    """Of the statement that is running."""
    found = con.query_progress()
    return None if found < 0 else min(found / 100, 1.0)


def count_on_spark(
    plan: Plan,
    snapshots: Mapping[str, Snapshot],
    engine: SparkEngine,
    budget: Budget,
    watch: Watch | None = None,
) -> Exact:
    """Count with Spark.

    Args:
        budget: of the DuckDB that hands on what is no plain snapshot.

    Raises:
        SandboxError: `engine_failed`, `query_cancelled`.
    """
    from pyspark.errors import PySparkException

    from pipelines.portability import types_of
    from pipelines.spark.queries import to_spark
    from pipelines.spark.refusal import Refusal
    from pipelines.spark.stage import show

    types = {view: types_of(engine.contracts[view]) for view in snapshots}
    session = engine.own_session()
    tables = {view: snapshot_sql(snapshot) for view, snapshot in snapshots.items()}
    try:
        with tempfile.TemporaryDirectory(dir=engine.scratch) as folder, connection(budget) as con:
            show(session, con, tables, Path(folder))
            tag = f"sandbox-{uuid.uuid4()}"
            session.addTag(tag)
            with (watch or Watch()).counting(lambda: session.interruptTag(tag), lambda: None):
                return counted(
                    plan,
                    lambda sql: [tuple(row) for row in session.sql(to_spark(sql, types)).collect()],
                    portable=True,
                )
    except (PySparkException, duckdb.Error, PipelineError, Refusal):
        raise SandboxError("engine_failed") from None


def counted(plan: Plan, rows: Rows, *, portable: bool = False) -> Exact:
    """Ask for what a plan measures; views are tables of their full names.

    Args:
        portable: the statements are for another engine than DuckDB.
    """
    sources = {view: f"SELECT * FROM {view}" for view in plan.question.views}
    keys = len(plan.question.keys)
    numbers: dict[Group, Sequence[int]] = {}
    if any(piece.kind != "bins" for piece in plan.pieces):
        for row in rows(counting_sql(plan, sources)):
            numbers[_group(row[:keys])] = [int(value or 0) for value in row[keys:]]
    bins: dict[Piece, dict[Group, dict[int, int]]] = {}
    for piece in plan.pieces:
        if piece.kind != "bins":
            continue
        found: dict[Group, dict[int, int]] = {}
        for row in rows(bins_sql(plan, piece, sources, portable=portable)):
            found.setdefault(_group(row[:keys]), {})[int(row[keys])] = int(row[keys + 1])
        bins[piece] = found
    return Exact(numbers, bins)


def _group(values: Sequence[Any]) -> Group:
    """The keys of a group as texts, numbers and truth values, which an answer is made of."""
    return tuple(map(_key, values))


def _key(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | float):
        return int(value) if value == int(value) else float(value)
    return value
