"""Read-only SQL over the published tables of one workspace."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from catalog.contract import DATABASES
from catalog.errors import Location
from pipelines.duck import create_views, snapshot_sql
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.lake import Lake, Snapshot
from pipelines.models import parse_query
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

QUERYABLE = (*DATABASES, "quarantine")
ExportFormat = Literal["csv", "json", "parquet"]
_PLACE = Path("query")


@dataclass(frozen=True, slots=True)
class Result:
    """Rows of a statement that runs on a connection which can read nothing else.

    Attributes:
        snapshots: by table, the id of the snapshot that is read.
    """

    connection: duckdb.DuckDBPyConnection
    sql: str
    snapshots: Mapping[str, int]

    @property
    def columns(self) -> list[str]:
        """The columns' names."""
        return [str(column[0]) for column in self.connection.description or ()]

    def fetchall(self) -> list[Any]:
        """All rows that were not fetched yet."""
        return self.connection.fetchall()

    def fetchmany(self, size: int) -> list[Any]:
        """The next rows, at most so many; none at the end."""
        return self.connection.fetchmany(size)

    def batches(self) -> pa.RecordBatchReader:
        """All rows as a stream, instead of fetching them."""
        # Rows that were to be fetched cannot be had as Arrow without a copy: the statement begins anew.
        self.connection.abort()
        return self.connection.sql(self.sql).to_arrow_reader(100_000)


@contextmanager
def open_query(
    workspace: Workspace, sql: str, as_of: datetime | int | None = None
) -> Iterator[Result]:
    """The result of one SELECT over pinned snapshots, to fetch from.

    Args:
        as_of: a moment (what readers saw then), or a snapshot id of the one table that is read;
            None reads the last good snapshots.

    Raises:
        PipelineError: `query_refused`, `sql_syntax`, `sql_one_select`, `never_published` ...
    """
    query, problems = parse_query(sql, _PLACE, deterministic=False, databases=QUERYABLE)
    if problems or query is None:
        raise problems[0]
    home = Home.of(workspace.name)
    lake = home.open_lake()
    con = duckdb.connect(":memory:")
    try:
        names = [reference.name for reference in query.references]
        if isinstance(as_of, int) and len(names) != 1:
            problem = "a snapshot id can be given for a query over one table"
            raise PipelineError("query_refused", problem=problem)
        snapshots = {name: _pinned(lake, name, as_of) for name in names}
        con.execute("SET enable_progress_bar = false")
        con.execute("SET TimeZone = 'UTC'")
        create_views(con, {name: snapshot_sql(s) for name, s in snapshots.items()})
        # From here on the query can open exactly the files of the pinned snapshots, nothing else.
        files = [str(path) for s in snapshots.values() for path in s.files]
        con.execute("SET allowed_paths = ?", [files])
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        # The statement as we parsed it: what was checked is what runs.
        text = query.tree.sql(dialect="duckdb")
        con.execute(text)
        yield Result(con, text, {name: s.snapshot_id for name, s in snapshots.items()})
    except duckdb.Error as error:
        problem = str(error).split("\n\n")[0].replace("\n", " ")
        raise PipelineError("query_refused", problem=problem) from error
    finally:
        con.close()
        lake.close()


def _pinned(lake: Lake, name: str, as_of: datetime | int | None) -> Snapshot:
    if isinstance(as_of, int):
        return lake.snapshot(name, as_of)
    found = lake.current(name) if as_of is None else lake.as_of(name, as_of)
    if found is None and as_of is not None and lake.current(name) is not None:
        raise PipelineError("not_published_then", table=name, moment=as_of)
    if found is None:
        raise PipelineError("never_published", table=name)
    return found


def export(result: Result, path: Path, kind: ExportFormat) -> int:
    """Stream a result to a file; returns the number of rows.

    Raises:
        PipelineError: `output_failed`; no half-written file stays.
    """
    options = {"csv": "csv, HEADER", "json": "json, ARRAY true", "parquet": "parquet"}[kind]
    part = path.with_name(f".{path.name}.part")
    target = str(part).replace("'", "''")
    # The asking connection may open nothing but the snapshots' files, so another one writes.
    with duckdb.connect(":memory:") as writer:
        try:
            writer.register("result", result.batches())
            done = writer.execute(
                f"COPY (SELECT * FROM result) TO '{target}' (FORMAT {options})"
            ).fetchone()
            os.replace(part, path)
        except (duckdb.IOException, OSError) as error:
            part.unlink(missing_ok=True)
            problem = str(error).split("\n")[0]
            raise PipelineError("output_failed", where=Location(path), problem=problem) from error
    return int(done[0]) if done else 0
