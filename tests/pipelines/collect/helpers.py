"""Contracts and files for the tests of collecting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from catalog.contract import Contract, ContractField, FileOptions, FileSource, Read
from catalog.errors import Location
from pipelines.collect import Landed, Landing, SourceFile, read_files
from pipelines.errors import PipelineError

HERE = Location(Path("contract.yaml"))


def field(name: str, *published: str, kind: str = "string", **read: Any) -> ContractField:
    """A field that reads the published columns."""
    reading = Read.model_validate({"from": published, **read})
    return ContractField(name, kind, "VARCHAR", HERE, read=reading)


def contract(
    *fields: ContractField | str,
    format: str = "csv",
    encoding: str | None = None,
    **options: Any,
) -> Contract:
    """A contract of a file resource."""
    return Contract(
        path=Path("contract.yaml"),
        database="raw",
        table="test",
        version="1.0.0",
        title="test",
        department=None,
        fields=tuple(field(f) if isinstance(f, str) else f for f in fields),
        source=FileSource("*", format, encoding, FileOptions(**options)),
    )


def land(folder: Path, name: str, content: bytes | str) -> Landed:
    """A landed file of the given content."""
    path = folder / "source" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    plain = name.removesuffix(".gz").removesuffix(".zst")
    return Landing(folder / "landing").keep(SourceFile(plain, path))


def rows(resource: Contract, *landed: Landed) -> list[dict[str, Any]]:
    """All rows as dictionaries."""
    return read_files(resource, landed).reader().read_all().to_pylist()


def values(resource: Contract, *landed: Landed) -> list[tuple[Any, ...]]:
    """The contract's columns of all rows."""
    names = [f.name for f in resource.fields]
    return [tuple(row[name] for name in names) for row in rows(resource, *landed)]


def lines(resource: Contract, *landed: Landed) -> list[int]:
    """The line of every row."""
    return [row["_source_line"] for row in rows(resource, *landed)]


def failure(resource: Contract, *landed: Landed) -> PipelineError:
    """The error that reading ends in."""
    with pytest.raises(PipelineError) as caught:
        rows(resource, *landed)
    return caught.value


def malformed(resource: Contract, *landed: Landed) -> Sequence[tuple[int, str, str]]:
    """Line, reason and raw text of the malformed rows."""
    found = rows(resource, *landed)
    for row in found:
        if row["_malformed"]:
            assert all(row[f.name] is None for f in resource.fields)
    return [(r["_source_line"], r["_malformed"], r["_raw"]) for r in found if r["_malformed"]]
