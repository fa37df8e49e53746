"""Rows of one pinned snapshot as a stream of bytes, in constant memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb

from catalog.sharing.grant import RowFilter
from pipelines.duck import Budget, connection, snapshot_sql, translated
from pipelines.errors import PipelineError
from pipelines.exchange.formats import Format, Given, rendered_sql
from pipelines.lake import Snapshot
from quality.predicates import quoted

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 61_440  # written together; of Parquet, twice as many are a row group
ALLOWED = "citybrain_allowed"  # the values of a row filter: a table, so that none stands in SQL
Prepare = Callable[[duckdb.DuckDBPyConnection], None]


@dataclass(frozen=True, slots=True)
class Selection:
    """What is read of a snapshot.

    Attributes:
        columns: SQL by the name under which it is given, over the snapshot's columns; never made of a
            reader's words.
        rows: which rows; None: all.
        prepare: puts into a connection what the SQL needs, such as masking functions.
    """

    columns: Mapping[str, str]
    rows: RowFilter | None = None
    prepare: Prepare | None = field(default=None, compare=False)

    @classmethod
    def of(cls, snapshot: Snapshot, names: Sequence[str] | None = None) -> Selection:
        """Columns of a snapshot as they are; all of them by default."""
        wanted = [one.name for one in snapshot.columns] if names is None else names
        return cls({name: f"s.{quoted(name)}" for name in wanted})


def selected_sql(
    con: duckdb.DuckDBPyConnection, source: str, selection: Selection, more: str = ""
) -> str:
    """A SELECT of a selection's columns; what it needs is put into the connection.

    Args:
        source: a SELECT over the snapshot's columns.
        more: columns before the others, as SQL with a comma at the end.
    """
    if selection.prepare is not None:
        selection.prepare(con)
    listed = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in selection.columns.items())
    sql = f"SELECT {more}{listed} FROM ({source}) AS s"
    if selection.rows is None:
        return sql
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {ALLOWED} AS SELECT DISTINCT unnest($1::VARCHAR[]) AS value",
        [list(selection.rows.values)],
    )
    column = f"CAST(s.{quoted(selection.rows.field)} AS VARCHAR)"
    return f"{sql} WHERE {column} IN (SELECT value FROM {ALLOWED})"


def columns_given(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Given, ...]:
    """The columns of a SELECT, with the types that the engine finds."""
    return tuple(Given(row[0], row[1]) for row in con.execute(f"DESCRIBE {sql}").fetchall())


def count_rows(snapshot: Snapshot, selection: Selection, budget: Budget) -> int:
    """How many rows of a snapshot a selection has.

    Raises:
        PipelineError: `export_failed`, `out_of_memory`, `disk_full`.
    """
    if selection.rows is None:
        return snapshot.rows
    with _private(budget) as stack:
        con = stack.enter_context(connection(_scratch(stack, budget)))
        try:
            chosen = replace(selection, columns={"one": "1"}, prepare=None)
            sql = selected_sql(con, snapshot_sql(snapshot), chosen)
            row = con.execute(f"SELECT count(*) FROM ({sql})").fetchone()
        except duckdb.Error as error:
            raise _failed(snapshot.table, error) from error
    assert row is not None
    return int(row[0])


class RowStream:
    """The rows of a selection of a pinned snapshot, to be iterated once.

    In the order of the published files. Memory does not grow with the number of rows. Whoever ends
    early calls `close`, or `stop` from another thread.

    Args:
        budget: each stream has a connection of its own with this memory.

    Attributes:
        rows: how many have been given so far.
    """

    def __init__(
        self, snapshot: Snapshot, selection: Selection, format: Format, budget: Budget
    ) -> None:
        self._snapshot = snapshot
        self._selection = selection
        self._format = format
        self._budget = budget
        self._con: duckdb.DuckDBPyConnection | None = None
        self._stopped = False
        self._chunks = self._made()
        self.rows = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next bytes.

        Raises:
            PipelineError: `export_failed`, `out_of_memory`, `disk_full`; `export_stopped` after `stop`.
        """
        return next(self._chunks)

    def close(self) -> None:
        """Give everything back; nothing more comes."""
        self._chunks.close()

    def stop(self) -> None:
        """End what another thread waits for."""
        self._stopped = True
        if self._con is not None:
            self._con.interrupt()

    def _made(self) -> Generator[bytes]:
        with _private(self._budget) as stack:
            con = stack.enter_context(connection(_scratch(stack, self._budget)))
            self._con = con
            try:
                yield from self._written(con)
            except duckdb.Error as error:
                raise self._error(error) from error
            except OSError as error:  # the reader over DuckDB tells its errors so
                raise self._error(duckdb.Error(str(error))) from error
            finally:
                self._con = None

    def _written(self, con: duckdb.DuckDBPyConnection) -> Iterator[bytes]:
        con.execute("SET preserve_insertion_order = true")
        source = selected_sql(con, snapshot_sql(self._snapshot), self._selection)
        sql = rendered_sql(source, columns_given(con, source), self._format)
        size = BATCH_ROWS * (2 if self._format == "parquet" else 1)
        # Not `execute(...)`: that would hold the whole result.
        reader = con.sql(sql).to_arrow_reader(size)
        writer = _WRITERS[self._format](reader.schema)
        yield from filter(None, [writer.begin()])
        for batch in reader:
            if self._stopped:
                raise PipelineError("export_stopped", table=self._snapshot.table)
            chunk = writer.batch(batch)
            self.rows += batch.num_rows
            if chunk:
                yield chunk
        yield from filter(None, [writer.end()])

    def _error(self, error: duckdb.Error) -> Exception:
        if self._stopped:
            return PipelineError("export_stopped", table=self._snapshot.table)
        return _failed(self._snapshot.table, error)


def stream_snapshot(
    snapshot: Snapshot, selection: Selection, format: Format, budget: Budget
) -> RowStream:
    """Stream what is selected of a pinned snapshot; see `RowStream`.

    For a table that anyone may read: `stream_snapshot(snapshot, Selection.of(snapshot), "csv", budget)`.
    """
    return RowStream(snapshot, selection, format, budget)


def write_table(table: pa.Table, format: Format) -> bytes:
    """A small table of rows in a format, whole."""
    with duckdb.connect(":memory:") as con:
        con.execute("SET TimeZone = 'UTC'")
        con.register("page", table)
        source = "SELECT * FROM page"
        sql = rendered_sql(source, columns_given(con, source), format)
        reader = con.sql(sql).to_arrow_reader(BATCH_ROWS)
        writer = _WRITERS[format](reader.schema)
        chunks = [writer.begin(), *(writer.batch(batch) for batch in reader), writer.end()]
    return b"".join(chunks)


def _private(budget: Budget) -> ExitStack:
    budget.scratch.mkdir(parents=True, exist_ok=True)
    return ExitStack()


def _scratch(stack: ExitStack, budget: Budget) -> Budget:
    """The same budget with a folder of its own: connections that share one spill over each other."""
    folder = TemporaryDirectory(dir=budget.scratch, prefix="exchange-")
    return replace(budget, scratch=Path(stack.enter_context(folder)))


def _failed(table: str, error: duckdb.Error) -> Exception:
    told = translated(error)
    if isinstance(told, PipelineError):
        return told
    # The engine's own text may quote a row.
    return PipelineError("export_failed", table=table, problem=type(error).__name__)


class _Sink(io.RawIOBase):
    """Takes what a writer writes, until it is taken from it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        return self._size

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


class _Arrow:
    """The Arrow IPC stream; the writers of the other formats do the same."""

    def __init__(self, schema: pa.Schema) -> None:
        self._sink = _Sink()
        self._writer = self._opened(schema)

    def _opened(self, schema: pa.Schema) -> Any:
        import pyarrow as pa

        return pa.ipc.new_stream(self._sink, schema)

    def begin(self) -> bytes:
        return self._sink.taken()

    def batch(self, batch: pa.RecordBatch) -> bytes:
        self._writer.write_batch(batch)
        return self._sink.taken()

    def end(self) -> bytes:
        self._writer.close()
        return self._sink.taken()


class _Parquet(_Arrow):
    def _opened(self, schema: pa.Schema) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetWriter(self._sink, schema, compression="zstd")


class _Csv(_Arrow):
    def _opened(self, schema: pa.Schema) -> Any:
        import pyarrow.csv as csv

        return csv.CSVWriter(self._sink, schema)


class _Lines(_Arrow):
    def _opened(self, schema: pa.Schema) -> Any:
        return None

    def batch(self, batch: pa.RecordBatch) -> bytes:
        import pyarrow as pa
        import pyarrow.compute as pc

        if not batch.num_rows:
            return b""
        lines = batch.column(0)
        whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
        joined = pc.binary_join(whole, "\n")[0].as_buffer()
        return bytes(joined.to_pybytes()) + b"\n"

    def end(self) -> bytes:
        return b""


_WRITERS: dict[Format, type[_Arrow]] = {
    "arrow": _Arrow,
    "parquet": _Parquet,
    "csv": _Csv,
    "jsonl": _Lines,
}
