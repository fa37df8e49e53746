"""A first look at a source: its format, its encoding, where its records and its header are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from catalog.contract import Contract, ContractField, DatabaseSource, FileOptions, FileSource, Read
from catalog.errors import Location
from pipelines.collect import Landed
from pipelines.collect.files import plain_name
from pipelines.errors import PipelineError
from pipelines.scaffold_header import LOOKED_AT, Heading, heading

FORMATS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".tab": "csv",
    ".xlsx": "excel", ".xls": "excel", ".xlsm": "excel", ".xlsb": "excel", ".ods": "excel",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".geojson": "geojson",
    ".topojson": "topojson", ".parquet": "parquet",
}  # fmt: skip
DELIMITERS = (",", "\t", ";", "|")
DETECTED = {"cp950": "big5", "gb18030": "gb18030"}
_HEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class Look:
    """What a source is.

    Attributes:
        source: as the contract will name it.
        names: published column names, in order; for `header: none` what a header row says.
        heading: of a table in a text or a workbook.
        key: the primary key that a database declares, as published.
    """

    source: FileSource | DatabaseSource
    names: tuple[str, ...]
    heading: Heading | None = None
    key: tuple[str, ...] = ()


def landed_file(path: Path) -> Landed:
    """The file where it stands: a look copies nothing."""
    return Landed(plain_name(path.name), "", path, path.stat().st_size)


def look_at_file(path: Path, pattern: str) -> Look:
    """Look at a file.

    Args:
        path: the file.
        pattern: its path in the contract.

    Raises:
        PipelineError: `scaffold_format` for a file of no known format, `source_unreadable`,
            `file_empty`, `file_corrupt` and what else its reader raises.
    """
    landed = landed_file(path)
    suffix = Path(plain_name(path.name)).suffix.lower()
    kind = FORMATS.get(suffix)
    if kind is None:
        known = ", ".join(sorted(FORMATS))
        raise PipelineError("scaffold_format", where=Location(path), suffix=suffix, known=known)
    if kind == "csv":
        return _text_table(landed, pattern)
    if kind == "excel":
        return _workbook(landed, pattern)
    if kind == "parquet":
        import pyarrow.parquet as pq

        from pipelines.collect.streams import read_all

        names = pq.read_schema(io.BytesIO(read_all(landed))).names
        return Look(FileSource(pattern, kind), tuple(names))
    return _document(landed, pattern, kind)


# -- texts --------------------------------------------------------------------------------------


def _text_table(landed: Landed, pattern: str) -> Look:
    text, encoding, final = _first_text(landed)
    delimiter = max(DELIMITERS, key=lambda d: _regularity(_records(text, d, final)))
    found = heading(_records(text, delimiter, final))
    options = FileOptions(header=found.mode, header_rows=found.rows, delimiter=delimiter)
    return Look(FileSource(pattern, "csv", encoding, options), found.names, found)


def _first_text(landed: Landed) -> tuple[str, str | None, bool]:
    """The beginning of the file, its encoding unless it is UTF-8, and whether that is all of it."""
    from pipelines.collect.encodings import utf8_chunks
    from pipelines.collect.streams import at, open_bytes

    with open_bytes(landed) as stream:
        chunks = utf8_chunks(stream, landed, None, _HEAD)
        head = next(chunks, b"")
        final = next(chunks, None) is None
    if not head.strip():
        raise PipelineError("file_empty", where=at(landed))
    return head.decode("utf-8"), _encoding(landed), final


def _encoding(landed: Landed) -> str | None:
    """The encoding to write down: one that has neither a byte order mark nor is UTF-8."""
    from pipelines.collect.encodings import BOMS, UNDECIDED, detect
    from pipelines.collect.streams import open_bytes

    first = True
    with open_bytes(landed) as stream:
        while chunk := stream.read(8 << 20):
            if first and any(chunk.startswith(mark) for mark, _ in BOMS):
                return None
            found = detect(chunk, len(chunk) < 8 << 20)
            if found != UNDECIDED:
                return DETECTED.get(found)
            first = False
    return None


def _records(text: str, delimiter: str, final: bool) -> list[list[str]]:
    """The first records; one that may be cut off at the end is left out."""
    csv.field_size_limit(max(csv.field_size_limit(), 8 << 20))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    for row in reader:
        if row:
            rows.append(row)
        if len(rows) > LOOKED_AT:
            break
    return rows[:LOOKED_AT] if final or len(rows) > LOOKED_AT else rows[:-1] or rows


def _regularity(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """A delimiter is right when it cuts most rows into the same number of cells, more than one."""
    widths = [len(row) for row in rows]
    common = max(set(widths), key=lambda w: (widths.count(w), w), default=1)
    return (widths.count(common) / len(widths) if common > 1 else 0.0, common)


# -- workbooks ----------------------------------------------------------------------------------


def _workbook(landed: Landed, pattern: str) -> Look:
    import python_calamine as calamine

    from pipelines.collect.excel import cell_text
    from pipelines.collect.streams import at, read_all

    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(read_all(landed))) as book:
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                rows = [cells for row in sheet if any(cells := [cell_text(c) for c in row])]
                if rows:
                    sheet_name = name if len(book.sheet_names) > 1 else None
                    return _sheet(rows, pattern, sheet_name)
    except calamine.CalamineError as error:
        where = at(landed)
        raise PipelineError(
            "file_corrupt", where=where, expected="Excel", reason=str(error)
        ) from error
    raise PipelineError("file_empty", where=at(landed))


def _sheet(rows: list[list[str]], pattern: str, sheet: str | None) -> Look:
    found = heading(rows[:LOOKED_AT])
    options = FileOptions(header=found.mode, header_rows=found.rows, sheet=sheet)
    return Look(FileSource(pattern, "excel", None, options), found.names, found)


# -- documents ----------------------------------------------------------------------------------


def _document(landed: Landed, pattern: str, kind: str) -> Look:
    options = FileOptions()
    if kind in ("json", "geojson"):
        kind, records = _json_kind(landed, kind)
        options = FileOptions(records=records)
    source = FileSource(pattern, kind, _encoding(landed), options)
    produced = {
        "geojson": ("_geometry_type", "_longitude", "_latitude", "_geometry"),
        "topojson": ("_ring", "_edge", "_x1", "_y1", "_x2", "_y2"),
    }.get(kind, ())
    keyed = ("_key",) if (options.records or "").find(".*") >= 0 else ()
    return Look(source, (*keyed, *_keys(landed, source), *produced))


def _json_kind(landed: Landed, kind: str) -> tuple[str, str | None]:
    """What kind of JSON a document is, and where its records are."""
    from pipelines.collect.encodings import decode_text
    from pipelines.collect.json_values import loads
    from pipelines.collect.streams import at, read_all

    try:
        document = loads(decode_text(read_all(landed), landed, None))
    except ValueError as error:
        reason, line = getattr(error, "msg", ""), getattr(error, "lineno", 0)
        where = at(landed, line)
        raise PipelineError("file_corrupt", where=where, expected="JSON", reason=reason) from error
    named = document.get("type") if isinstance(document, dict) else None
    if named in ("FeatureCollection", "Feature") or kind == "geojson":
        return "geojson", None
    if named == "Topology":
        return "topojson", None
    path = max(_record_paths(document, "$", 0), key=lambda found: found[0], default=(0, "$"))[1]
    return "json", None if path == "$" else path


def _record_paths(value: Any, path: str, depth: int) -> Iterator[tuple[int, str]]:
    """Places of records and how many there are."""
    if isinstance(value, list):
        if any(isinstance(item, dict | list) for item in value):
            yield len(value), path if path == "$" else f"{path}[*]"
        return
    if not isinstance(value, dict) or depth > 3:
        return
    inner = list(value.values())
    if len(inner) > 3 and all(isinstance(item, dict) for item in inner):
        yield len(inner), f"{path}.*"
    elif len(inner) > 3 and all(isinstance(item, list) for item in inner):
        yield sum(map(len, inner)), f"{path}.*[*]"
    else:
        for key, item in value.items():
            if not any(c in key for c in ".[]*"):
                yield from _record_paths(item, f"{path}.{key}", depth + 1)
        if depth == 0:
            yield 1, "$"


def _keys(landed: Landed, source: FileSource) -> list[str]:
    """The keys of all records in order of appearance: the reader reports each undeclared one."""
    from pipelines.collect.received import read_files

    lenient = replace(source, options=source.options.model_copy(update={"extra_columns": "warn"}))
    read = Read.model_validate({"from": "\x00", "optional": True})
    nothing = ContractField("x", "string", "VARCHAR", Location(landed.path), read=read)
    contract = Contract(landed.path, "raw", "x", "0", "x", None, (nothing,), source=lenient)
    received = read_files(contract, [landed])
    for _ in received.reader():
        pass
    return [str(w.fields["columns"]) for w in received.warnings if w.code == "column_extra"]


# -- databases ----------------------------------------------------------------------------------


def look_at_table(url: str, source: DatabaseSource) -> Look:
    """Look at a table of a department's database.

    Raises:
        PipelineError: `database_unreachable`, `database_query_failed` and the like.
    """
    from pipelines.collect.dialects import open_database

    with open_database(url, source.connection) as database:
        names = [column.name for column in database.columns(database.relation(source))]
    return Look(source, tuple(names), key=_declared_key(url, source))


def limited(url: str, source: DatabaseSource, rows: int) -> DatabaseSource:
    """The first rows of the table, as a query."""
    from pipelines.collect.dialects import open_database

    with open_database(url, source.connection) as database:
        relation = database.relation(source)
    query = f"SELECT * FROM {relation} LIMIT {rows}"
    return DatabaseSource(connection=source.connection, query=query)


def _declared_key(url: str, source: DatabaseSource) -> tuple[str, ...]:
    """The table's primary key, where SQLAlchemy's own driver can be asked; else none."""
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = sqlalchemy.create_engine(url)
        try:
            inspector = sqlalchemy.inspect(engine)
            key = inspector.get_pk_constraint(source.table or "", schema=source.db_schema)
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError):
        return ()
    return tuple(key.get("constrained_columns") or ())
