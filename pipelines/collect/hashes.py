"""The hashes of source files, remembered as long as a file's status says that it is the same.

Like Git's index: a hash is trusted while path, device, inode, size, time of change of the content
(mtime) and of the status (ctime) are what they were when it was taken. A program can set mtime,
but not ctime. A file that had been changed a moment before it was hashed is hashed again: a second
change within the same tick of the file system's clock would show in nothing.

What is kept here saves work and decides nothing else: it may be deleted at any time.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

SETTLED_NS = 2_000_000_000  # the coarsest clock of a common file system ticks every two seconds
_FORMAT = 1
_TABLE = (
    "CREATE TABLE IF NOT EXISTS known (path BLOB PRIMARY KEY, device TEXT, inode TEXT, size INTEGER, "
    "mtime INTEGER, ctime INTEGER, sha256 TEXT NOT NULL) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class Status:
    """What the file system says of a file, without its content."""

    device: str
    inode: str  # as text: some file systems use all 64 bits, SQLite has 63
    size: int
    mtime: int
    ctime: int

    @classmethod
    def of(cls, found: os.stat_result) -> Status:
        """The part of a file's status that tells one content from another."""
        return cls(
            str(found.st_dev),
            str(found.st_ino),
            found.st_size,
            found.st_mtime_ns,
            found.st_ctime_ns,
        )

    def settled(self, moment: int) -> bool:
        """Whether every change after `moment` (nanoseconds) gives the file another status."""
        return max(self.mtime, self.ctime) + SETTLED_NS < moment


class Hashes:
    """A small database of hashes by path; any number of processes and threads may use it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self, paths: Iterable[Path]) -> dict[Path, str]:
        """The hashes of those files whose status is the one that was remembered."""
        found: dict[Path, str] = {}

        def look(con: sqlite3.Connection) -> None:
            for path in paths:
                row = con.execute(
                    "SELECT device, inode, size, mtime, ctime, sha256 FROM known WHERE path = ?",
                    (_name(path),),
                ).fetchone()
                with suppress(OSError):
                    if row is not None and Status.of(path.stat()) == Status(*row[:-1]):
                        found[path] = row[-1]

        if self._path.is_file():
            self._use(look)
        return found

    def remember(self, taken: Mapping[Path, tuple[Status, str]]) -> None:
        """Keep hashes with the status that each file had before and after it was read."""
        rows = [
            (_name(path), s.device, s.inode, s.size, s.mtime, s.ctime, digest)
            for path, (s, digest) in taken.items()
        ]

        def keep(con: sqlite3.Connection) -> None:
            con.executemany("REPLACE INTO known VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            con.commit()

        if rows:
            self._use(keep)

    def _use(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Work with the database; what goes wrong with it costs a hash, never a run."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=30)) as con:
                if con.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
                    con.execute("DROP TABLE IF EXISTS known")
                    con.execute(_TABLE)
                    con.execute(f"PRAGMA user_version = {_FORMAT}")
                work(con)
        except (sqlite3.OperationalError, OSError):
            return  # locked, read-only, no space
        except sqlite3.DatabaseError:
            with suppress(OSError):
                self._path.unlink()


def now() -> int:
    """The moment, as file systems give it."""
    return time.time_ns()


def _name(path: Path) -> bytes:
    return os.fsencode(path.absolute())
