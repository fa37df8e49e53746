"""DuckDB connections with a budget, and lake snapshots as views in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from catalog.contract import META_COLUMNS, Contract
from pipelines.errors import PipelineError
from pipelines.lake import Column, Snapshot
from pipelines.physical import selection
from quality.predicates import quoted

COPY_OPTIONS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880"
META_TYPES = {"_source_file": "VARCHAR", "_source_line": "BIGINT", "_load_id": "VARCHAR"}
_NO_SPACE = re.compile(r"No space left|out of disk|Could not write|File too large", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one connection may use.

    Attributes:
        memory: DuckDB's memory limit; beyond it, it spills to `scratch`.
        threads: worker threads; None leaves it to DuckDB (one per core).
    """

    memory: str
    threads: int | None
    scratch: Path


@contextmanager
def connection(budget: Budget, *, on_disk: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A private DuckDB; with `on_disk` its tables live in a scratch file and may outgrow memory."""
    budget.scratch.mkdir(parents=True, exist_ok=True)
    database = str(budget.scratch / "stage.duckdb") if on_disk else ":memory:"
    con = duckdb.connect(database)
    try:
        con.execute(f"SET memory_limit = '{budget.memory}'")
        con.execute(f"SET temp_directory = '{path_literal(budget.scratch / 'spill')}'")
        con.execute("SET enable_progress_bar = false")
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET preserve_insertion_order = false")
        if budget.threads:
            con.execute(f"SET threads = {budget.threads}")
        yield con
    except duckdb.Error as error:
        raise translated(error) from error
    finally:
        con.close()


@contextmanager
def lent(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Half of the connection's memory is another engine's while the block runs.

    What the connection keeps in memory beyond its half goes to its spill folder first.
    """
    row = con.execute("SELECT current_setting('memory_limit')").fetchone()
    assert row is not None
    number, unit = str(row[0]).split()
    try:
        con.execute(f"SET memory_limit = '{float(number) / 2}{unit}'")
    except duckdb.OutOfMemoryException:
        # Pinned pages cannot go; certifying needs little more, so it is tried all the same.
        yield
        return
    try:
        yield
    finally:
        con.execute(f"SET memory_limit = '{row[0]}'")


def translated(error: duckdb.Error) -> Exception:
    """Our error for what the disk or memory refused; anything else stays as it is."""
    if _NO_SPACE.search(str(error)):
        return PipelineError("disk_full", problem=str(error).split("\n")[0])
    if isinstance(error, duckdb.OutOfMemoryException):
        return PipelineError("out_of_memory", problem=str(error).split("\n")[0])
    return error


def table_columns(contract: Contract, base: Snapshot | None = None) -> tuple[Column, ...]:
    """The lake columns of a contract: its fields, and for collected data the load metadata.

    Args:
        base: a snapshot whose files are read by these columns: it knows under which names they hold
            columns that were renamed long ago.
    """
    known = {column.name: column.former for column in base.columns} if base else {}
    own = [
        Column(
            item.name,
            item.physical_type,
            tuple(dict.fromkeys((*item.former, *known.get(item.name, ())))),
        )
        for item in contract.fields
    ]
    if contract.database == "raw":
        own += [Column(name, META_TYPES[name]) for name in META_COLUMNS]
    return tuple(own)


def snapshot_sql(snapshot: Snapshot) -> str:
    """A SELECT over exactly the rows of a snapshot."""
    return files_sql(snapshot.files, snapshot.columns)


def files_sql(
    files: Sequence[Path], columns: Sequence[Column], file_column: str | None = None
) -> str:
    """A SELECT over the rows of some Parquet files of one table; none means no rows.

    Files that were written before columns were added, widened or renamed stay as they are: what
    they hold is read as what the table has now.

    Args:
        file_column: a column more, with the name of the row's file.
    """
    if not files:
        more = [Column(file_column, "VARCHAR")] if file_column else []
        return empty_sql([*columns, *more])
    groups: dict[str, list[Path]] = {}
    for path in files:
        groups.setdefault(selection(path, columns), []).append(path)
    option = f", filename = '{file_column}'" if file_column else ""
    parts = []
    for chosen, paths in groups.items():
        listed = ", ".join(f"'{path_literal(path)}'" for path in paths)
        names = f"{chosen}, {quoted(file_column)}" if file_column else chosen
        parts.append(f"SELECT {names} FROM read_parquet([{listed}]{option})")
    plain = ", ".join(quoted(column.name) for column in columns)
    if list(groups) == [plain]:
        return parts[0]
    return f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS evolved"


def empty_sql(columns: Sequence[Column]) -> str:
    """A SELECT with no rows and the right column types."""
    typed = ", ".join(f"CAST(NULL AS {c.type}) AS {quoted(c.name)}" for c in columns)
    return f"SELECT {typed} WHERE FALSE"


def create_views(con: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> None:
    """Create `<database>.<table>` views from SELECT texts."""
    for name, sql in tables.items():
        database, table = name.split(".")
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(database)}")
        con.execute(f"CREATE OR REPLACE VIEW {quoted(database)}.{quoted(table)} AS {sql}")


def copy_to_parquet(con: duckdb.DuckDBPyConnection, sql: str, path: Path) -> int:
    """Write a SELECT's rows to one Parquet file; returns their number. Nothing stays on failure."""
    try:
        row = con.execute(f"COPY ({sql}) TO '{path_literal(path)}' ({COPY_OPTIONS})").fetchone()
    except duckdb.Error as error:
        path.unlink(missing_ok=True)
        raise translated(error) from error
    return int(row[0]) if row else 0


def path_literal(path: Path) -> str:
    """A path as the inside of an SQL text literal."""
    return str(path).replace("'", "''")
