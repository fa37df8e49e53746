"""A bounded sample of a source as text in DuckDB: the same source gives the same sample."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.contract import Contract, ContractField, DatabaseSource
from catalog.errors import Location
from pipelines.errors import PipelineError
from pipelines.reading import cleaned
from quality.predicates import quoted

if TYPE_CHECKING:
    import duckdb

    from pipelines.collect.received import Received
    from pipelines.workspace import Workspace

ROWS = 20_000
DATABASE_ROWS = 200_000
_CLEAN = ("halfwidth", "no_breaks", "trim")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sample.

    Attributes:
        column: its name in the table `t`.
        name: the field's name.
        published: how the source calls it.
        hints: names to read meaning into. A draft's own translation of a header is none.
        declared: its level in a contract.
        text: SQL that cleans its values.
    """

    column: str
    name: str
    published: tuple[str, ...]
    hints: tuple[str, ...]
    declared: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The table `t` of a connection, and what its columns are."""

    con: duckdb.DuckDBPyConnection
    resource: str
    rows: int
    columns: tuple[Column, ...]


@contextmanager
def resource_sample(workspace: Workspace, name: str, source_dir: Path) -> Iterator[Sample]:
    """Sample a collected resource as its contract reads it.

    Raises:
        PipelineError: `classify_resource` for a name without a collected contract,
            `connection_missing`, and what reading the source raises.
    """
    contract = workspace.collected.get(name)
    if contract is None:
        where = Location(workspace.root / "contracts")
        known = ", ".join(workspace.collected)
        raise PipelineError("classify_resource", where=where, name=name, known=known)
    columns = [_contract_column(item) for item in contract.fields]
    with _scratch() as (con, scratch):
        received = _receive(contract, source_dir, scratch)
        rows = _load(con, received, [(c.column, c.name) for c in columns])
        yield Sample(con, contract.name, rows, tuple(columns))


@contextmanager
def file_sample(path: Path) -> Iterator[Sample]:
    """Sample a file that has no contract, read as `citybrain scaffold` would read it.

    Raises:
        PipelineError: `classify_file` when there is no such file, and what reading it raises.
    """
    from pipelines.scaffold_look import landed_file, look_at_file
    from pipelines.scaffold_names import field_names
    from pipelines.scaffold_profile import new_draft
    from pipelines.scaffold_text import Opened, load_text

    if not path.is_file():
        raise PipelineError("classify_file", where=Location(path))
    look = look_at_file(path, path.name)
    by_place = look.heading is not None and look.heading.mode == "none"
    headers = [header for header in look.names if header or by_place]
    named = field_names(headers)
    drafts = [new_draft(n, k, h, path.stem) for h, (n, k) in zip(headers, named, strict=True)]
    if not drafts:
        raise PipelineError("scaffold_no_columns", where=Location(path))
    cells = [f"c{i}" for i in range(len(drafts))]
    columns = [
        Column(c, d.field.name, said, said, None, _text(d.field, c))
        for c, d in zip(cells, drafts, strict=True)
        for said in [(d.header,) if d.header else ()]
    ]
    with _scratch() as (con, scratch):
        opened = Opened(look, path.stem, True, None, scratch, landed_file(path).path)
        load_text(con, opened, drafts, cells, (), 1 << 40, sample=ROWS)
        yield Sample(con, path.name, _count(con), tuple(columns))


def sampled_sql(source: str, rows: int = ROWS) -> str:
    """SQL for the rows whose place in the source hashes lowest: no order, the same every time."""
    return f"SELECT * FROM {source} ORDER BY hash(_source_file, _source_line) LIMIT {rows}"


def _contract_column(item: ContractField) -> Column:
    hints = (*item.read.source, item.name)
    text = _text(item, item.name)
    return Column(item.name, item.name, item.read.source, hints, item.level, text)


def _text(item: ContractField, column: str) -> str:
    """The value without white space and blanks, in half width; letters stay as they are."""
    read = item.read.model_copy(update={"clean": _CLEAN})
    return cleaned(replace(item, read=read), quoted(column))


def _receive(contract: Contract, source_dir: Path, scratch: Path) -> Received:
    from pipelines.collect import Landed, Landing, fetch_database, find_files, read_files

    if isinstance(contract.source, DatabaseSource):
        from pipelines.run import environment_connection
        from pipelines.scaffold_look import limited

        url = environment_connection(contract.source.connection)
        source = limited(url, contract.source, DATABASE_ROWS)
        some = replace(contract, source=source)
        load = fetch_database(some, url, Landing(scratch / "landing"), None)
        return read_files(some, [load.landed] if load.landed else [])
    assert contract.source is not None
    found = find_files(contract.source, source_dir)
    return read_files(contract, [Landed(f.name, "", f.path, f.path.stat().st_size) for f in found])


def _load(
    con: duckdb.DuckDBPyConnection, received: Received, columns: Sequence[tuple[str, str]]
) -> int:
    """The sample as the table `t`."""
    names = ", ".join(f"{quoted(name)} AS {quoted(column)}" for column, name in columns)
    con.register("received", received.reader())
    good = f"(SELECT {names}, _source_file, _source_line FROM received WHERE _malformed IS NULL)"
    try:
        con.execute(f"CREATE TABLE t AS {sampled_sql(good)}").fetchall()
    except Exception as error:
        raise received.failure or error from error
    finally:
        con.unregister("received")
    return _count(con)


def _count(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("SELECT count(*) FROM t").fetchall()[0][0])


@contextmanager
def _scratch() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    from pipelines.duck import Budget, connection

    threads = min(os.cpu_count() or 1, 4)
    with (
        tempfile.TemporaryDirectory(prefix="citybrain-classify-") as folder,
        connection(Budget("1GB", threads, Path(folder))) as con,
    ):
        yield con, Path(folder)
