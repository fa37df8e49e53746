"""The bytes of a landed file, decompressed as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from catalog.errors import Location
from pipelines.collect.files import compression
from pipelines.collect.landing import Landed
from pipelines.errors import PipelineError


class ByteStream(Protocol):
    """What the readers need of a stream: up to `size` bytes, empty at the end."""

    def read(self, size: int) -> bytes: ...


class _Checked:
    """A stream that names the file when its compression is broken."""

    def __init__(self, stream: pa.NativeFile, landed: Landed, kind: str | None) -> None:
        self._stream = stream
        self._landed = landed
        self._kind = kind

    def read(self, size: int) -> bytes:
        parts: list[bytes] = []
        missing = size
        while missing:
            part = self._read_some(missing)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read_some(self, size: int) -> bytes:
        try:
            data: bytes = self._stream.read(size)
            return data
        except OSError as error:
            if self._kind is None:
                raise
            truncated = "runcated" in str(error)
            code = "file_truncated" if truncated else "file_corrupt"
            raise PipelineError(
                code, where=at(self._landed), expected=self._kind, reason=str(error)
            ) from error


@contextmanager
def open_bytes(landed: Landed) -> Iterator[ByteStream]:
    """Open a landed file for reading, through gzip or zstd when its suffix says so.

    Raises:
        PipelineError: while reading: `file_truncated`, `file_corrupt`.
    """
    kind = compression(landed.path)
    with pa.OSFile(str(landed.path), "rb") as raw:
        if kind is None:
            yield _Checked(raw, landed, None)
        else:
            with pa.CompressedInputStream(raw, kind) as stream:
                yield _Checked(stream, landed, kind)


def read_all(landed: Landed) -> bytes:
    """The whole decompressed content.

    Raises:
        PipelineError: `file_empty`, `file_truncated`, `file_corrupt`.
    """
    parts: list[bytes] = []
    with open_bytes(landed) as stream:
        while part := stream.read(1 << 24):
            parts.append(part)
    content = b"".join(parts)
    if not content:
        raise PipelineError("file_empty", where=at(landed))
    return content


def at(landed: Landed, line: int = 0) -> Location:
    """A place in a file, by the name that its department knows."""
    return Location(Path(landed.name), line)
