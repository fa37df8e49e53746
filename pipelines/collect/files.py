"""Finding a department's files below the source folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from catalog.contract import FileSource
from catalog.errors import Location
from pipelines.errors import PipelineError

COMPRESSIONS = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a department.

    `name` is its posix path relative to the source root without a compression suffix, so that
    a file keeps its identity when the department starts to compress it.
    """

    name: str
    path: Path


def find_files(source: FileSource, root: Path) -> list[SourceFile]:
    """The files that match `source.pattern` below `root`, sorted by name.

    The pattern is also tried with `.gz` and `.zst`. Hidden files and the lock files of office
    programs are no data.

    Raises:
        PipelineError: `source_outside` when the pattern leaves the root, `source_missing` when
            nothing matches, `source_ambiguous` when one name is there twice (`x.csv`, `x.csv.gz`).
    """
    _check_pattern(source.pattern, root)
    found: dict[str, Path] = {}
    for suffix in ("", *COMPRESSIONS):
        for path in root.glob(source.pattern + suffix):
            if not path.is_file() or path.name.startswith((".", "~$")):
                continue
            name = plain_name(path.relative_to(root).as_posix())
            other = found.setdefault(name, path)
            if other != path:
                raise PipelineError(
                    "source_ambiguous",
                    where=Location(path),
                    name=name,
                    other=other.name,
                )
    if not found:
        raise PipelineError("source_missing", pattern=source.pattern, root=root)
    return [SourceFile(name, found[name]) for name in sorted(found)]


def plain_name(name: str) -> str:
    """`name` without a compression suffix."""
    return name[: -len(_suffix(name))] if _suffix(name) else name


def compression(path: Path) -> str | None:
    """The compression that the file's suffix says: `gzip`, `zstd` or None."""
    return {".gz": "gzip", ".zst": "zstd"}.get(_suffix(path.name))


def _suffix(name: str) -> str:
    return next((suffix for suffix in COMPRESSIONS if name.lower().endswith(suffix)), "")


def _check_pattern(pattern: str, root: Path) -> None:
    parts = PurePosixPath(pattern)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise PipelineError("source_outside", pattern=pattern, root=root)
