"""JSON, JSON lines, GeoJSON and TopoJSON: records with named values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from catalog.contract import Contract, FileSource
from pipelines.collect.blocks import BATCH_ROWS, Block, Rows, Warn
from pipelines.collect.encodings import decode_text, utf8_chunks
from pipelines.collect.geometry import (
    GEOJSON_COLUMNS,
    TOPOJSON_COLUMNS,
    GeometryError,
    geojson_records,
    topojson_records,
)
from pipelines.collect.header import Layout, Place, missing, plain
from pipelines.collect.json_values import as_text, dumps, loads, record, steps, walk
from pipelines.collect.landing import Landed
from pipelines.collect.streams import at, open_bytes, read_all
from pipelines.errors import PipelineError

PRODUCED = frozenset({"_key", *GEOJSON_COLUMNS, *TOPOJSON_COLUMNS})
LINE_LIMIT = 64 << 20


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that is no JSON."""

    raw: str


Records = Iterator[tuple[int, "dict[str, Any] | Bad"]]


class DocumentFile:
    """One document. JSON lines are streamed; the other formats are read whole.

    `_source_line` is the line for JSON lines and the number of the record or feature otherwise.
    Columns are known only at the end: a required one that no record has is an error then.
    """

    def __init__(self, contract: Contract, source: FileSource, landed: Landed, warn: Warn) -> None:
        self._contract = contract
        self._source = source
        self._landed = landed
        self._warn = warn
        if not landed.size:
            raise PipelineError("file_empty", where=at(landed))

    def blocks(self) -> Iterator[Block]:
        """The records.

        Raises:
            PipelineError: `file_corrupt`, `file_truncated`, `wrong_encoding`, `records_missing`,
                `column_extra`, `column_missing`, `field_too_large`.
        """
        columns = _Columns(self._contract, self._source, Place(self._landed), self._warn)
        rows = Rows(columns.layout)
        for line, item in self._records():
            _add(rows, columns, line, item)
            if len(rows) >= BATCH_ROWS:
                yield rows.block()
                rows = Rows(columns.layout)
        columns.check_seen()
        if rows:
            yield rows.block()

    def _records(self) -> Records:
        if self._source.format == "jsonl":
            yield from self._lines()
            return
        content = read_all(self._landed)
        try:
            document = loads(decode_text(content, self._landed, self._source.encoding))
            if self._source.format == "geojson":
                yield from geojson_records(document)
            elif self._source.format == "topojson":
                yield from topojson_records(document)
            else:
                yield from self._json(document)
        except ValueError as error:
            raise self._corrupt(error) from error

    def _json(self, document: Any) -> Records:
        path = self._source.options.records or "$"
        parts = steps(path)
        if parts is None:
            raise self._no_records(path, document)
        wild = any("*" in part for part in parts)
        try:
            found = list(walk(document, parts))
            if not wild and isinstance(found[0][1], list):
                found = [(None, item) for item in found[0][1]]
        except LookupError as error:
            raise self._no_records(path, document) from error
        for number, (key, value) in enumerate(found, 1):
            keyed = {} if key is None else {"_key": key}
            yield number, {**keyed, **record(value)}

    def _lines(self) -> Records:
        number = 0
        for text in self._texts():
            number += 1
            if not text.strip():
                continue
            try:
                yield number, record(loads(text))
            except ValueError:
                yield number, Bad(text)

    def _texts(self) -> Iterator[str]:
        rest = b""
        with open_bytes(self._landed) as stream:
            for chunk in utf8_chunks(stream, self._landed, self._source.encoding, 1 << 20):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (line.rstrip(b"\r").decode("utf-8") for line in lines)
                if len(rest) > LINE_LIMIT:
                    limit = LINE_LIMIT >> 20
                    raise PipelineError("field_too_large", where=at(self._landed), limit_mib=limit)
        yield rest.rstrip(b"\r").decode("utf-8")

    def _no_records(self, path: str, document: Any) -> PipelineError:
        seen = ", ".join(list(document)[:10]) if isinstance(document, dict) else "an array"
        return PipelineError("records_missing", where=at(self._landed), records=path, seen=seen)

    def _corrupt(self, error: ValueError) -> PipelineError:
        line = getattr(error, "lineno", 0)
        expected = {"geojson": "GeoJSON", "topojson": "TopoJSON"}.get(self._source.format, "JSON")
        # The decoder's own text quotes nothing of the document, so no personal data leaks.
        reason = str(error) if isinstance(error, GeometryError) else getattr(error, "msg", "")
        return PipelineError(
            "file_corrupt",
            where=at(self._landed, line),
            expected=expected,
            reason=reason,
        )


def _add(rows: Rows, columns: _Columns, line: int, item: dict[str, Any] | Bad) -> None:
    if isinstance(item, Bad):
        rows.add_malformed("json", item.raw, line)
        return
    cells = columns.cells(item, line)
    joined = "".join(cell for cell in cells if cell)
    if "\0" in joined:
        rows.add_malformed("nul", dumps(item), line)
    elif not _encodable(joined):
        # Half of a surrogate pair is no character; its escape keeps it readable.
        raw = dumps(item).encode("utf-8", "backslashreplace").decode("utf-8")
        rows.add_malformed("json", raw, line)
    else:
        rows.add(cells, line)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


@dataclass(slots=True)
class _Columns:
    """Which key of a record belongs to which field; keys are learned as they come."""

    contract: Contract
    source: FileSource
    place: Place
    warn: Warn
    layout: Layout = field(init=False)
    _targets: dict[str, list[tuple[int, int]]] = field(init=False, default_factory=dict)
    _accepted: list[list[str]] = field(init=False)
    _records: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        names: list[list[str]] = []
        for item in self.contract.fields:
            named = item.read.file_name is None
            names.append([plain(name) for name in item.source_names] if named else [])
        self._accepted = names
        columns = tuple(i if own else None for i, own in enumerate(names))
        self.layout = Layout(len(names), columns)

    def cells(self, values: dict[str, Any], line: int) -> list[str | None]:
        """A record's cells in the order of the fields; the first accepted name wins."""
        self._records += 1
        cells: list[str | None] = [None] * len(self._accepted)
        ranks = [len(values) + 1_000_000] * len(cells)
        for key, value in values.items():
            targets = self._targets.get(key)
            for index, rank in self._learn(key, line) if targets is None else targets:
                if rank < ranks[index]:
                    ranks[index] = rank
                    cells[index] = as_text(value)
        return cells

    def check_seen(self) -> None:
        """Every required column stood in some record.

        Raises:
            PipelineError: `column_missing`.
        """
        seen = {index for targets in self._targets.values() for index, _ in targets}
        for index, item in enumerate(self.contract.fields):
            absent = self._accepted[index] and index not in seen and not item.read.optional
            if absent and self._records and item.source_names[0] not in PRODUCED:
                raise missing(item, list(self._targets), self.place)

    def _learn(self, key: str, line: int) -> list[tuple[int, int]]:
        name = plain(key)
        targets = [
            (index, accepted.index(name))
            for index, accepted in enumerate(self._accepted)
            if name in accepted
        ]
        self._targets[key] = targets
        if not targets and key not in PRODUCED:
            error = Place(self.place.landed, line).error("column_extra", columns=key)
            if self.source.options.extra_columns == "error":
                raise error
            self.warn(error)
        return targets
