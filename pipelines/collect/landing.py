"""The landing: every file that was ever collected, unchanged, under the hash of its content.

A publish can thus be repeated from exactly the bytes that the department delivered, and a file
that was already collected is recognised without reading it twice.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from catalog.disk import sync_folder
from catalog.errors import Location
from pipelines.collect.files import COMPRESSIONS, SourceFile
from pipelines.collect.hashes import Hashes, Status, now
from pipelines.errors import PipelineError

CHUNK = 1 << 20
HASHES = ".hashes.db"  # beside the kept files; may be deleted
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Landed:
    """A kept file: `path` is an immutable copy named by `sha256`, `size` is in bytes."""

    name: str
    sha256: str
    path: Path
    size: int


class Landing:
    """Content-addressed store of collected files, `<root>/<aa>/<sha256><suffixes>`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, file: SourceFile) -> Landed:
        """Copy `file` into the landing in one pass; keeping the same bytes again changes nothing.

        Raises:
            PipelineError: `source_unreadable` when the file cannot be read, `disk_full` when the
                landing's disk is full. Neither leaves anything behind.
        """
        with self.incoming(suffixes(file.path)) as partial:
            digest, size = self._copy(file, partial)
            return self.adopt(partial, file.name, digest, size)

    def kept(self, name: str, digest: str) -> Landed:
        """A file that was landed earlier, by the hash of its content.

        Raises:
            PipelineError: `landing_lost`, when it is no longer there.
        """
        for path in (self.root / digest[:2]).glob(f"{digest}*"):
            return Landed(name, digest, path, path.stat().st_size)
        raise PipelineError("landing_lost", where=Location(self.root), name=name)

    def fingerprints(self, files: Sequence[SourceFile], again: bool = False) -> dict[str, str]:
        """The SHA-256 of the files as hex text, by name, without copying them.

        A file is read only when its status has changed since it was hashed last (`hashes`).

        Args:
            again: every file is read, whatever its status says.

        Raises:
            PipelineError: `source_unreadable`.
        """
        hashes = Hashes(self.root / HASHES)
        known = {} if again else hashes.known(file.path for file in files)
        found: dict[str, str] = {}
        taken: dict[Path, tuple[Status, str]] = {}
        for file in files:
            if file.path in known:
                found[file.name] = known[file.path]
                continue
            found[file.name], status = _hashed(file.path)
            if status is not None:
                taken[file.path] = (status, found[file.name])
        hashes.remember(taken)
        return found

    def take(self, file: SourceFile, digest: str) -> Landed:
        """A file whose fingerprint is known: the copy that is there, else a new one.

        Raises:
            PipelineError: as `keep`.
        """
        path = self._place(digest, file.path)
        with contextlib.suppress(OSError):
            size = path.stat().st_size
            if size == file.path.stat().st_size:
                return Landed(file.name, digest, path, size)
        return self.keep(file)

    @contextmanager
    def incoming(self, suffix: str) -> Iterator[Path]:
        """A path for a file in the making, on the landing's file system; removed at the end."""
        partial = self.root / f".incoming-{uuid.uuid4().hex}{suffix}"
        try:
            with _disk(self.root):
                self.root.mkdir(parents=True, exist_ok=True)
                yield partial
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)

    def adopt(self, partial: Path, name: str, digest: str, size: int) -> Landed:
        """Give a finished file its place, atomically and durably.

        Raises:
            PipelineError: `disk_full`.
        """
        path = self._place(digest, partial)
        if not (path.is_file() and path.stat().st_size == size):
            with _disk(self.root):
                path.parent.mkdir(exist_ok=True)
                partial.chmod(0o444)
                os.replace(partial, path)
                sync_folder(path.parent)
        return Landed(name, digest, path, size)

    def _place(self, digest: str, named: Path) -> Path:
        return self.root / digest[:2] / f"{digest}{suffixes(named)}"

    def _copy(self, file: SourceFile, partial: Path) -> tuple[str, int]:
        digest = hashlib.sha256()
        size = 0
        with _disk(self.root), partial.open("wb") as target:

            def keep(chunk: memoryview) -> None:
                nonlocal size
                digest.update(chunk)
                target.write(chunk)
                size += len(chunk)

            _read(file.path, keep)
            target.flush()
            os.fsync(target.fileno())
        return digest.hexdigest(), size


def hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 as hex text, and size in bytes, of a local file that is already synced to disk."""
    digest = hashlib.sha256()
    _read(path, digest.update)
    return digest.hexdigest(), path.stat().st_size


def _hashed(path: Path) -> tuple[str, Status | None]:
    """The hash of a file, and its status if that will tell of every later change."""
    digest, began = hashlib.sha256(), now()
    before = _status(path)
    _read(path, digest.update)
    same = before is not None and before == _status(path) and before.settled(began)
    return digest.hexdigest(), before if same else None


def _status(path: Path) -> Status | None:
    try:
        return Status.of(path.stat())
    except OSError:
        return None  # reading it says what is wrong


def suffixes(path: Path) -> str:
    """The suffixes that tell how to read a file: `.csv.gz` of `roc104.1-2.csv.gz`."""
    last = path.suffix
    if last.lower() in COMPRESSIONS:
        return Path(path.stem).suffix + last
    return last


def _read(path: Path, use: Callable[[memoryview], None]) -> None:
    """Hand the file to `use` in chunks; errors of reading are told apart from those of `use`."""
    buffer = memoryview(bytearray(CHUNK))
    try:
        source = path.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(path, error) from error
    with source:
        while True:
            try:
                count = source.readinto(buffer)
            except OSError as error:
                raise _unreadable(path, error) from error
            if not count:
                return
            use(buffer[:count])


def _unreadable(path: Path, error: OSError) -> PipelineError:
    reason = error.strerror or str(error)
    return PipelineError("source_unreadable", where=Location(path), reason=reason)


@contextmanager
def _disk(root: Path) -> Iterator[None]:
    """Say plainly that the disk is full; other errors of the disk stay what they are."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            reason = error.strerror or str(error)
            raise PipelineError("disk_full", where=Location(root), problem=reason) from error
        raise
