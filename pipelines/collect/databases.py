"""Tables and queries of department databases, fetched as text into the landing.

The database writes its values as text wherever it can (PostgreSQL by a cast, MySQL by its text
protocol), so no type is lost on the way and typing stays with the contract.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.contract import Contract, ContractField, DatabaseSource
from pipelines.collect.dialects import Database, Selection, open_database
from pipelines.collect.header import Place, match
from pipelines.collect.landing import Landed, Landing, hash_file
from pipelines.collect.ties import Ties

STEP_ROWS = 4_096
GROUP_ROWS = 65_536
GROUP_BYTES = 16 << 20
NUMBERS = ("integer", "number")


@dataclass(frozen=True, slots=True)
class DatabaseLoad:
    """What one fetch brought.

    Attributes:
        landed: the text Parquet file; None when an incremental fetch found no new rows.
        rows: their number.
        watermark: the greatest cursor so far as text; None when the resource has no cursor or
            no row ever had one.
        ties: digests of the rows at the watermark (`ties`); None when they are not known.
    """

    landed: Landed | None
    rows: int
    watermark: str | None
    ties: Counter[str] | None = None


def fetch_database(
    contract: Contract,
    url: str,
    landing: Landing,
    since: str | None,
    seen: Counter[str] | None = None,
) -> DatabaseLoad:
    """Fetch the contract's table or query; memory is bounded, the same rows give the same file.

    Rows come in the order of the cursor and the primary key, as far as there are such. A full
    fetch of a table without a primary key keeps the order in which the database gives the rows.

    Args:
        contract: with a `DatabaseSource` and `collect`.
        url: SQLAlchemy URL of a PostgreSQL, MySQL/MariaDB or SQLite database.
        landing: receives the file.
        since: the last published watermark of an incremental resource; None fetches everything.
        seen: the rows at `since` that were received before: others at `since` are fetched, too.
            None leaves all rows at `since` out.

    Raises:
        PipelineError: `database_unsupported`, `database_driver_missing`, `connection_unreachable`,
            `database_query_failed`, `source_connection_lost`, `column_missing`,
            `column_duplicate`, `disk_full`. None of them leaves anything in the landing.
    """
    source = contract.source
    assert isinstance(source, DatabaseSource)
    name = f"{source.connection}/{source.table or contract.table}"
    with (
        open_database(url, source.connection) as database,
        landing.incoming(".parquet") as partial,
    ):
        selection = _selection(contract, source, database, since, name)
        selection = replace(selection, inclusive=seen is not None)
        cursor = contract.collect.cursor
        batches, ties = database.batches(selection), None
        if cursor is not None and contract.primary_key:
            number = selection.cursor is not None and selection.cursor.logical_type in NUMBERS
            ties = Ties(cursor, since, seen or Counter(), number)
            batches = ties.new(batches)
        rows, watermark = _write(batches, contract, partial)
        known = ties.rows if ties and (rows or seen is not None) else None
        if not rows and cursor is not None:
            return DatabaseLoad(None, 0, since, known)
        digest, size = hash_file(partial)
        landed = landing.adopt(partial, name, digest, size)
    return DatabaseLoad(landed, rows, watermark if watermark is not None else since, known)


def fetch_keys(contract: Contract, url: str, path: Path) -> int:
    """Write the primary keys of all rows of the contract's table or query to a Parquet file of text.

    Raises:
        PipelineError: as `fetch_database`.
    """
    source = contract.source
    assert isinstance(source, DatabaseSource)
    name = f"{source.connection}/{source.table or contract.table}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_database(url, source.connection) as database:
        whole = _selection(contract, source, database, None, name)
        keys = [pair for pair in whole.fields if pair[0].name in contract.primary_key]
        ordered = tuple(column for _, column in keys if column is not None)
        chosen = replace(whole, fields=tuple(keys), order=ordered, cursor=None)
        rows = 0
        with pq.ParquetWriter(path, chosen.schema, compression="zstd") as writer:
            for table in _groups(database.batches(chosen), chosen.schema):
                writer.write_table(table, row_group_size=GROUP_ROWS)
                rows += table.num_rows
    return rows


def _selection(
    contract: Contract,
    source: DatabaseSource,
    database: Database,
    since: str | None,
    name: str,
) -> Selection:
    """Which columns to read, from where, and in which order."""
    relation = database.relation(source)
    published = database.columns(relation)
    names = [column.name for column in published]
    place = Place(Landed(name, "", Path(name), 0))
    layout = match(contract, names, place)
    by_field = {
        field.name: (field, None if c is None else published[c])
        for field, c in zip(contract.fields, layout.columns, strict=True)
    }
    cursor = contract.collect.cursor
    order = [cursor] if cursor else []
    order += [key for key in contract.primary_key if key not in order]
    return Selection(
        relation=relation,
        fields=tuple(by_field.values()),
        order=tuple(column for key in order if (column := by_field[key][1]) is not None),
        cursor=_cursor_field(contract),
        since=since,
    )


def _cursor_field(contract: Contract) -> ContractField | None:
    cursor = contract.collect.cursor
    return None if cursor is None else contract.field_named(cursor)


def _write(
    batches: Iterator[pa.RecordBatch], contract: Contract, path: Path
) -> tuple[int, str | None]:
    """Write the batches; the number of rows and the last cursor that is not NULL."""
    schema = pa.schema([(field.name, pa.string()) for field in contract.fields])
    cursor = contract.collect.cursor
    rows = 0
    watermark: str | None = None
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for table in _groups(batches, schema):
            writer.write_table(table, row_group_size=GROUP_ROWS)
            rows += table.num_rows
            if cursor is not None:
                watermark = _last(table.column(cursor)) or watermark
    _sync(path)
    return rows, watermark


def _groups(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Row groups whose borders depend on the rows alone: the same rows must give one file."""
    held: list[pa.Table] = []
    rows = size = 0
    for step in _steps(batches, schema):
        held.append(step)
        rows += step.num_rows
        size += sum(pc.sum(pc.binary_length(column)).as_py() or 0 for column in step.columns)
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            yield pa.concat_tables(held)
            held, rows, size = [], 0, 0
    if held:
        yield pa.concat_tables(held)


def _steps(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Tables of `STEP_ROWS` rows, however the driver's batches are cut."""
    rest = schema.empty_table()
    for batch in batches:
        rest = pa.concat_tables([rest, pa.Table.from_batches([batch], schema)])
        while rest.num_rows >= STEP_ROWS:
            yield rest.slice(0, STEP_ROWS)
            rest = rest.slice(STEP_ROWS)
    if rest.num_rows:
        yield rest


def _last(column: pa.ChunkedArray) -> str | None:
    """Rows come in the cursor's order, NULLs first: the last one is the greatest."""
    present = pc.drop_null(column)
    last: str | None = present[-1].as_py() if len(present) else None
    return last


def _sync(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
