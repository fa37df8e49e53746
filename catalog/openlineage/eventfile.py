"""A file of events, one line of JSON each, that several processes may append to.

Every change happens under a lock that the operating system frees when its holder dies. An append
is synced before it returns. A process that is killed while it writes leaves a torn last line; the
next append removes it, so the file only ever holds whole events.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from catalog.disk import sync_folder
from catalog.openlineage.values import Event

_BLOCK = 1 << 16


class EventFile:
    """Events in the order in which they were appended.

    All methods raise `OSError` when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._turns: dict[str, Lock] = defaultdict(Lock)

    def append(self, event: Event) -> None:
        """Write one event; it is on the disk when this returns."""
        text = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.locked("lock"):
            new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o640)
            try:
                _append(descriptor, text.encode() + b"\n")
            finally:
                os.close(descriptor)
            if new:
                sync_folder(self.path.parent)

    def read(self, offset: int = 0, limit: int = 200) -> list[tuple[Event, int]]:
        """At most `limit` events from byte `offset`, each with the offset where it ends."""
        found: list[tuple[Event, int]] = []
        if not self.path.exists():
            return found
        with self.locked("lock"), self.path.open("rb") as file:
            file.seek(offset)
            for line in file:
                if len(found) == limit or not line.endswith(b"\n"):
                    break
                offset += len(line)
                found.append((json.loads(line), offset))
        return found

    def count(self) -> int:
        """How many whole events there are."""
        if not self.path.exists():
            return 0
        with self.locked("lock"), self.path.open("rb") as file:
            return sum(line.endswith(b"\n") for line in file)

    def drop(self, offset: int) -> None:
        """Remove everything before byte `offset`, in one step that a crash cannot halve."""
        if not offset:
            return
        rest = self.path.with_name(self.path.name + ".rest")
        with self.locked("lock"):
            with self.path.open("rb") as old, rest.open("wb") as new:
                old.seek(offset)
                while block := old.read(_BLOCK):
                    new.write(block)
                new.flush()
                os.fsync(new.fileno())
            os.replace(rest, self.path)
            sync_folder(self.path.parent)

    @contextmanager
    def locked(self, purpose: str) -> Iterator[None]:
        """Hold the lock file `<name>.<purpose>`; waits for whoever holds it."""
        from filelock import FileLock

        # Threads of one process take turns first: who waits for a file's lock only looks for it
        # twenty times a second.
        with self._turns[purpose], FileLock(f"{self.path}.{purpose}"):
            yield


def _append(descriptor: int, line: bytes) -> None:
    end = _whole_lines(descriptor)
    os.ftruncate(descriptor, end)
    os.lseek(descriptor, end, os.SEEK_SET)
    try:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, end)
        raise


def _whole_lines(descriptor: int) -> int:
    """The offset after the last line end."""
    end = os.fstat(descriptor).st_size
    while end:
        start = max(0, end - _BLOCK)
        os.lseek(descriptor, start, os.SEEK_SET)
        found = os.read(descriptor, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
